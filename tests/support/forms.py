"""What a browser would send: the fields of a form on a page, as they are shown."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self.area: str | None = None
        self.select: str | None = None
        self.is_open = False

    def _add(self, name: str | None, value: str | None) -> None:
        if self.is_open and name:
            self.forms[-1].setdefault(name, []).append(value or "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            self.forms.append({})
            self.is_open = True
        elif tag == "input" and told.get("type") != "file" and (told.get("type") not in ("checkbox", "radio") or "checked" in told):
            self._add(told.get("name"), told.get("value"))
        elif tag == "textarea":
            self.area = told.get("name")
            self._add(self.area, "")
        elif tag == "select":
            self.select = told.get("name")
        elif tag == "option" and "selected" in told:
            self._add(self.select, told.get("value"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_open = False
        elif tag == "textarea":
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.is_open and self.area:
            self.forms[-1][self.area][-1] += data.removeprefix("\r\n").removeprefix("\n")


def fields_of(page: str, *, having: str) -> dict[str, list[str]]:
    """Return the fields of the first form on a page that has one of the name ``having``."""
    reader = _Reader()
    reader.feed(page)
    return next(fields for fields in reader.forms if having in fields)
