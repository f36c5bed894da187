"""Templates as they are offered: ours, with the organisation's own in their place or beside them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.library.reading import DEFAULT, built_in
from portal.challenges.models.templates import HiddenTemplate, OwnTemplate
from portal.challenges.rules.templates import Template, TemplateGone, template_of
from portal.kernel.text import fold
from portal.kernel.tracks import Track


@dataclass(frozen=True)
class Shelved:
    """A template and where it comes from.

    ``is_ours``: it came with the portal; ``is_changed``: its text is the organisation's own. ``revision``
    is 0 as long as nobody has changed what came.
    """

    key: str
    template: Template
    is_ours: bool
    is_changed: bool
    is_hidden: bool
    revision: int


def list_templates(session: Session, *, q: str = "", track: str = "", is_hidden: bool = False) -> list[Shelved]:
    """Return the templates by track and title: those that are offered, or those of ours that are hidden."""
    words = fold(q).split()
    found = [shelved for shelved in _shelf(session).values() if shelved.is_hidden is is_hidden]
    fitting = [one for one in found if track in ("", one.template.offer.track) and all(word in one.template.search_key for word in words)]
    return sorted(fitting, key=lambda one: (list(Track).index(one.template.offer.track), fold(one.template.offer.title), one.key))


def get_template(session: Session, key: str) -> Shelved:
    """Return one template, hidden or not. Raises ``TemplateGone``."""
    found = _shelf(session).get(key)
    if found is None:
        raise TemplateGone()
    return found


def ours(session: Session) -> dict[str, Template]:
    """Return the templates that came with the portal, in the language of the programme."""
    return built_in(session.info.get("language") or DEFAULT)


def _shelf(session: Session) -> dict[str, Shelved]:
    hidden = set(session.scalars(select(HiddenTemplate.key)))
    came = ours(session)
    shelf = {key: Shelved(key, template, True, False, key in hidden, 0) for key, template in came.items()}
    for row in session.scalars(select(OwnTemplate).order_by(OwnTemplate.id)):
        shelf[row.key] = Shelved(row.key, template_of(row.document), row.key in came, True, row.key in hidden, row.revision)
    return shelf
