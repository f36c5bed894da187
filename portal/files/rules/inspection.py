"""Looks into a file: is it what its name says, only that, and harmless to keep?

Works on bytes or a memory map. Images are judged here by their first bytes and by what hides in
them; ``images.py`` then decodes and writes them anew, so nothing of the original is ever served.
"""

import codecs
import re
import zipfile
from io import BytesIO
from mmap import mmap

from portal.files.rules.kinds import Family, Kind, Purpose, endings, no_page
from portal.files.rules.refusals import ActiveContent, ArchiveTooLarge, FileContentMismatch, PolyglotFile, SvgNotAllowed

Data = bytes | mmap
TAIL = 66_000
UNPACKED_LIMIT = 300_000_000
PARTS_LIMIT = 5_000
VIDEO_BRANDS = {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash", b"qt  "}
# The beginnings by which browsers take bytes for a web page (WHATWG MIME Sniffing, 7.1).
PAGE = re.compile(
    rb"<(!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|img|object|embed|form|meta|link|base)[\s>/]", re.I
)
DRAWING = re.compile(rb"<svg[\s>]", re.I)
HIDDEN = re.compile(rb"<(script|html|body|iframe|!doctype html)[\s>/]|<svg[\s>]|<\?php|%PDF-\d", re.I)
PDF_ACTIVE = re.compile(rb"/(JavaScript|Launch|RichMedia|EmbeddedFile)\b")
OFFICE_ACTIVE = re.compile(r"(^|/)(vbaProject\.bin|vbaData\.xml|Basic/|Scripts/)|(^|/)activeX/", re.I)


def signature(data: Data) -> str | None:
    """Return the name of the kind that the first bytes say, ``TXT`` for text of any sort, None for the unknown."""
    head = bytes(data[:64])
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if b"%PDF-" in bytes(data[:1024]):
        return "PDF"
    if head.startswith(b"PK\x03\x04"):
        return "ZIP"
    if head.startswith(b"\x1f\x8b\x08"):
        return "GZIP"
    if head[4:8] == b"ftyp":
        return "MP4" if head[8:12] in VIDEO_BRANDS else None
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "WEBM" if b"\x42\x82\x84webm" in head else None
    return "TXT" if text_encoding(data) else None


def text_encoding(data: Data) -> str | None:
    """Return the encoding of plain text (UTF-8, UTF-16 with a mark, or Windows' own), None if these bytes are no text."""
    raw = bytes(data)
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if raw.startswith(mark):
            return encoding if _decodes(raw, encoding) else None
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", raw):
        return None
    return next((encoding for encoding in ("utf-8", "cp1252") if _decodes(raw, encoding)), None)


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def inspect(data: Data, kind: Kind, extension: str, purpose: Purpose = Purpose.DOCUMENT) -> None:
    """Pass if ``data`` is wholly and only of ``kind``. ``purpose`` is what the file is for, so that a refusal offers what is taken there.

    Refuses by name: a web page or drawing under any name, content of another kind, two kinds in
    one file, macros and scripts, and documents that unpack without end.
    """
    _refuse_markup(data, purpose)
    found = signature(data)
    expected = {Family.OFFICE: "ZIP", Family.TEXT: "TXT"}.get(kind.family, kind.name)
    if found != expected:
        raise FileContentMismatch(extension=extension)
    if kind.family is Family.IMAGE:
        _refuse_hidden(data, data)
    elif kind.family is Family.VIDEO:
        _refuse_hidden(data, data[:4096], data[-TAIL:])
    elif kind.family is Family.PDF:
        _inspect_pdf(data)
    elif kind.family is Family.OFFICE:
        _inspect_office(data, kind, extension)


def _refuse_markup(data: Data, purpose: Purpose) -> None:
    """Refuse what a browser would show as a page or drawing. A comment or an XML line may stand before it."""
    head = bytes(data[:4096])
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head[: len(head) // 2 * 2].decode("utf-16", "replace").encode()
    head = head.removeprefix(codecs.BOM_UTF8).lstrip(b"\t\n\x0b\x0c\r ")
    if not head.startswith(b"<"):
        return
    if DRAWING.search(head):
        raise SvgNotAllowed(extension="svg", allowed="png")
    if PAGE.match(head) or head.startswith((b"<?xml", b"<!--", b"<!")):
        raise no_page(purpose)(extension="html", allowed=endings(purpose))


def _refuse_hidden(data: Data, *parts: Data) -> None:
    if _is_archive(data) or any(HIDDEN.search(part) for part in parts):
        raise PolyglotFile()


def _is_archive(data: Data) -> bool:
    """Tell whether the end of ``data`` opens as a ZIP archive, which is read from its end."""
    return zipfile.is_zipfile(BytesIO(bytes(data[-TAIL:])))


def _inspect_pdf(data: Data) -> None:
    """A PDF begins at its first byte and ends with its end mark: readers tolerate other content around it, and tricks live there."""
    end = data.rfind(b"%%EOF")
    after = bytes(data[end + 5 :]) if end >= 0 else b""
    if not bytes(data[:5]) == b"%PDF-" or _is_archive(data) or HIDDEN.search(bytes(data[5:1024])) or after.strip(b"\x00\r\n\t "):
        raise PolyglotFile()
    if end < 0:
        raise FileContentMismatch(extension=".pdf")
    if PDF_ACTIVE.search(data):
        raise ActiveContent()


def _inspect_office(data: Data, kind: Kind, extension: str) -> None:
    try:
        with zipfile.ZipFile(BytesIO(bytes(data))) as archive:
            infos = archive.infolist()
            names = {info.filename for info in infos}
            opener = archive.read("mimetype")[:100] if "mimetype" in names and archive.getinfo("mimetype").file_size < 200 else b""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise FileContentMismatch(extension=extension) from error
    if _has_strangers(data, infos):
        raise PolyglotFile()
    if len(infos) > PARTS_LIMIT or sum(info.file_size for info in infos) > UNPACKED_LIMIT:
        raise ArchiveTooLarge()
    is_open_document = opener == kind.media_type.encode()
    is_ooxml = "[Content_Types].xml" in names and "mimetype" not in names
    if kind.part not in names or not (is_open_document if kind.name == "ODT" else is_ooxml):
        raise FileContentMismatch(extension=extension)
    if any(OFFICE_ACTIVE.search(name) for name in names):
        raise ActiveContent()


def _has_strangers(data: Data, infos: list[zipfile.ZipInfo]) -> bool:
    """Tell whether bytes stand before the first or behind the last part of the archive, or a part wants to leave its folder."""
    end = data.rfind(b"PK\x05\x06")
    comment = int.from_bytes(data[end + 20 : end + 22], "little")
    first = min((info.header_offset for info in infos), default=0)
    leaves = any(info.filename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", info.filename) for info in infos)
    encrypted = any(info.flag_bits & 1 for info in infos)
    return first != 0 or comment > 0 or end + 22 != len(data) or leaves or encrypted
