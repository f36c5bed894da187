"""The kinds of files that are kept, for which purpose, and the limits."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from portal.files.rules.refusals import FileTypeNotAllowed, HtmlNotAllowed, PageIsNoPicture, PageIsNoTable, SvgNotAllowed
from portal.kernel.text import clean_line

FILENAME_LENGTH = 120
UNSAFE_IN_NAMES = str.maketrans(dict.fromkeys('<>:"|?*%;', "_"))
MAX_SIDE = 12_000
MAX_PIXELS = 64_000_000
SIZES = {"small": 320, "medium": 640, "large": 1280}


class Purpose(StrEnum):
    """What a file is for. Decides what is taken and who may read it."""

    DOCUMENT = "document"
    IMAGE = "image"
    PICTURE = "picture"
    IMPORT = "import"


class Family(StrEnum):
    """How a kind is inspected."""

    IMAGE = "image"
    PDF = "pdf"
    OFFICE = "office"
    TEXT = "text"
    VIDEO = "video"
    GZIP = "gzip"


@dataclass(frozen=True)
class Kind:
    """One kept format. ``part`` is the file inside an office document that makes it this kind."""

    name: str
    family: Family
    media_type: str
    extensions: tuple[str, ...]
    part: str = ""


OOXML = "application/vnd.openxmlformats-officedocument."
KINDS = [
    Kind("PNG", Family.IMAGE, "image/png", (".png",)),
    Kind("JPEG", Family.IMAGE, "image/jpeg", (".jpg", ".jpeg")),
    Kind("WEBP", Family.IMAGE, "image/webp", (".webp",)),
    Kind("GIF", Family.IMAGE, "image/gif", (".gif",)),
    Kind("PDF", Family.PDF, "application/pdf", (".pdf",)),
    Kind("DOCX", Family.OFFICE, OOXML + "wordprocessingml.document", (".docx",), "word/document.xml"),
    Kind("PPTX", Family.OFFICE, OOXML + "presentationml.presentation", (".pptx",), "ppt/presentation.xml"),
    Kind("XLSX", Family.OFFICE, OOXML + "spreadsheetml.sheet", (".xlsx",), "xl/workbook.xml"),
    Kind("ODT", Family.OFFICE, "application/vnd.oasis.opendocument.text", (".odt",), "content.xml"),
    Kind("TXT", Family.TEXT, "text/plain", (".txt",)),
    Kind("CSV", Family.TEXT, "text/csv", (".csv",)),
    Kind("MP4", Family.VIDEO, "video/mp4", (".mp4", ".m4v")),
    Kind("WEBM", Family.VIDEO, "video/webm", (".webm",)),
    Kind("GZIP", Family.GZIP, "application/gzip", (".gz",)),
]
PLAYED = frozenset(kind.media_type for kind in KINDS if kind.family is Family.VIDEO)
BY_EXTENSION = {extension: kind for kind in KINDS for extension in kind.extensions}
TAKEN: dict[Purpose, tuple[str, ...]] = {
    Purpose.DOCUMENT: tuple(e for kind in KINDS if kind.family is not Family.GZIP for e in kind.extensions),
    Purpose.IMAGE: tuple(e for kind in KINDS if kind.family is Family.IMAGE for e in kind.extensions),
    Purpose.PICTURE: tuple(e for kind in KINDS if kind.family is Family.IMAGE for e in kind.extensions),
    Purpose.IMPORT: (".csv", ".txt", ".gz"),
}


def clean_filename(name: str | None) -> str:
    """Return a name that is safe to show and to save under: no folders, no control characters, not hidden, not too long."""
    base = clean_line((name or "").replace("\\", "/").rsplit("/", 1)[-1]).translate(UNSAFE_IN_NAMES).strip(". ")
    if len(base) > FILENAME_LENGTH:
        suffix = PurePosixPath(base).suffix[:12]
        base = base[: FILENAME_LENGTH - len(suffix)].rstrip(". ") + suffix
    return base or "file"


def kind_for(filename: str, purpose: Purpose) -> Kind:
    """Return the kind that the ending of ``filename`` claims. Refuses endings that are not taken for ``purpose``."""
    extension = PurePosixPath(filename).suffix.lower()
    allowed = TAKEN[purpose]
    if extension in allowed:
        return BY_EXTENSION[extension]
    facts = {"extension": extension or filename, "allowed": endings(purpose)}
    if extension in (".svg", ".svgz"):
        raise SvgNotAllowed(**facts)
    if extension in (".html", ".htm", ".xhtml", ".xht", ".shtml", ".mht", ".mhtml"):
        raise no_page(purpose)(**facts)
    raise FileTypeNotAllowed(**facts)


def endings(purpose: Purpose) -> str:
    """Return the endings that are taken for ``purpose``, as people read them."""
    return ", ".join(extension.removeprefix(".") for extension in TAKEN[purpose])


def no_page(purpose: Purpose) -> type[HtmlNotAllowed]:
    """Return the refusal of a web page that fits what is taken for ``purpose``."""
    return {Purpose.DOCUMENT: HtmlNotAllowed, Purpose.IMPORT: PageIsNoTable}.get(purpose, PageIsNoPicture)
