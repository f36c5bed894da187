"""Files good and evil, made here byte by byte so that nothing harmful lies in the repository."""

import io
import struct
import zipfile
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo


def picture(format_name: str = "PNG", size: tuple[int, int] = (40, 30), color: str = "green", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, format_name, **options)
    return out.getvalue()


def picture_with_secrets() -> bytes:
    """A JPEG lying on its side, taken at a known place."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret description"
    exif.get_ifd(0x8825)[1] = "N"
    return picture("JPEG", (40, 20), exif=exif)


def picture_with_text() -> bytes:
    info = PngInfo()
    info.add_text("Comment", "secret comment")
    return picture("PNG", pnginfo=info)


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG that says it has 900 million pixels, in a few bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def archive(parts: dict[str, bytes], comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.comment = comment
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def office(part: str = "word/document.xml", **more: bytes) -> bytes:
    return archive({"[Content_Types].xml": b"<Types/>", part: b"<document/>", **more})


def open_document() -> bytes:
    return archive({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<office/>", "META-INF/manifest.xml": b"<m/>"})


def pdf(body: bytes = b"1 0 obj<</Type/Catalog>>endobj\n") -> bytes:
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF\n"


def mp4(more: bytes = b"") -> bytes:
    return b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0\0\0\x08free" + more


def webm() -> bytes:
    return b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm" + b"\0" * 64


def patched_size(document: bytes, size: int) -> bytes:
    """The same archive, whose directory says that its first part unpacks to ``size`` bytes."""
    at = document.index(b"PK\x01\x02") + 24
    return document[:at] + struct.pack("<I", size) + document[at + 4 :]


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"

GOOD = {
    "png": ("photo.png", picture("PNG"), "image/png"),
    "jpeg": ("photo.jpeg", picture("JPEG"), "image/jpeg"),
    "jpg in capitals": ("PHOTO.JPG", picture("JPEG"), "image/jpeg"),
    "webp": ("photo.webp", picture("WEBP"), "image/webp"),
    "gif": ("photo.gif", picture("GIF"), "image/gif"),
    "pdf": ("paper.pdf", pdf(), "application/pdf"),
    "docx": ("letter.docx", office(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pptx": ("talk.pptx", office("ppt/presentation.xml"), "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    "xlsx": ("sums.xlsx", office("xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "odt": ("letter.odt", open_document(), "application/vnd.oasis.opendocument.text"),
    "utf-8 text": ("notes.txt", "Grüße, 5 > 3 and 2 < 4".encode(), "text/plain"),
    "utf-16 text": ("notes.txt", "Grüße".encode("utf-16"), "text/plain"),
    "windows text": ("notes.txt", "Grüße – bis bald".encode("cp1252"), "text/plain"),
    "csv": ("rows.csv", b"name,points\nAda,5\n", "text/csv"),
    "mp4": ("clip.mp4", mp4(), "video/mp4"),
    "webm": ("clip.webm", webm(), "video/webm"),
}

EVIL = {
    "empty": ("a.png", b"", "FileEmpty"),
    "empty text": ("a.txt", b"", "FileEmpty"),
    "too large": ("a.txt", b"x" * 1_000_001, "FileTooLarge"),
    "video too large": ("clip.mp4", mp4(b"\0" * 1_000_000), "FileTooLarge"),
    "page named mp4": ("clip.mp4", HTML, "HtmlNotAllowed"),
    "svg": ("logo.svg", SVG, "SvgNotAllowed"),
    "svg packed": ("logo.svgz", SVG, "SvgNotAllowed"),
    "svg named png": ("logo.png", SVG, "SvgNotAllowed"),
    "svg named text": ("logo.txt", b"<svg onload=alert(1)>", "SvgNotAllowed"),
    "svg behind a comment": ("logo.txt", b"<!-- hello --><svg onload=alert(1)>", "SvgNotAllowed"),
    "svg behind white space": ("logo.csv", b"\n\n\t <svg/onload=alert(1)> <svg onload=alert(1)>", "SvgNotAllowed"),
    "html": ("page.html", HTML, "HtmlNotAllowed"),
    "xhtml": ("page.xhtml", HTML, "HtmlNotAllowed"),
    "mail archive": ("page.mht", HTML, "HtmlNotAllowed"),
    "html named jpg": ("page.jpg", HTML, "HtmlNotAllowed"),
    "html named text": ("page.txt", b"  <script>alert(1)</script>", "HtmlNotAllowed"),
    "html in utf-16": ("page.txt", "<html><script>1</script>".encode("utf-16"), "HtmlNotAllowed"),
    "html behind a mark": ("page.csv", b"\xef\xbb\xbf<body onload=alert(1)>", "HtmlNotAllowed"),
    "xml": ("data.txt", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "HtmlNotAllowed"),
    "program": ("run.exe", b"MZ\x90\0", "FileTypeNotAllowed"),
    "script": ("run.php", b"<?php echo 1;", "FileTypeNotAllowed"),
    "two endings": ("photo.png.exe", picture(), "FileTypeNotAllowed"),
    "no ending": ("photo", picture(), "FileTypeNotAllowed"),
    "archive": ("all.zip", archive({"a": b"b"}), "FileTypeNotAllowed"),
    "macro document": ("letter.docm", office(), "FileTypeNotAllowed"),
    "gzip as proof": ("rows.csv.gz", b"\x1f\x8b\x08", "FileTypeNotAllowed"),
    "png named jpg": ("photo.jpg", picture("PNG"), "FileContentMismatch"),
    "jpg named pdf": ("photo.pdf", picture("JPEG"), "FileContentMismatch"),
    "program named png": ("photo.png", b"MZ\x90\0" + b"\0" * 64, "FileContentMismatch"),
    "program named text": ("notes.txt", b"\x7fELF\x02\x01\x01\0" + b"\0" * 64, "FileContentMismatch"),
    "text named png": ("photo.png", b"hello", "FileContentMismatch"),
    "pdf named text": ("notes.txt", pdf(), "FileContentMismatch"),
    "docx named xlsx": ("sums.xlsx", office(), "FileContentMismatch"),
    "plain zip named docx": ("letter.docx", archive({"evil.exe": b"MZ"}), "FileContentMismatch"),
    "half a zip named docx": ("letter.docx", office()[:60], "FileContentMismatch"),
    "docx named odt": ("letter.odt", office(), "FileContentMismatch"),
    "pdf without an end": ("paper.pdf", b"%PDF-1.4\n1 0 obj", "FileContentMismatch"),
    "avi named mp4": ("clip.mp4", b"RIFF\0\0\0\0AVI LIST", "FileContentMismatch"),
    "heic named mp4": ("clip.mp4", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "FileContentMismatch"),
    "matroska named webm": ("clip.webm", webm().replace(b"\x84webm", b"\x84mkv "), "FileContentMismatch"),
    "webm named mp4": ("clip.mp4", webm(), "FileContentMismatch"),
    "mp4 named webm": ("clip.webm", mp4(), "FileContentMismatch"),
    "program named mp4": ("clip.mp4", b"MZ\x90\0" + b"\0" * 64, "FileContentMismatch"),
    "mp4 without its mark": ("clip.mp4", b"\0\0\0\x18moovisom" + b"\0" * 64, "FileContentMismatch"),
    "video of another sort": ("clip.mov", mp4(), "FileTypeNotAllowed"),
    "gif and page": ("photo.gif", picture("GIF") + b"<script>alert(1)</script>", "PolyglotFile"),
    "gif whose size is a comment": ("photo.gif", b"GIF89a/*" + picture("GIF")[8:] + b"*/=1;<html >", "PolyglotFile"),
    "png and archive": ("photo.png", picture() + archive({"index.html": HTML}), "PolyglotFile"),
    "jpg and archive": ("photo.jpg", picture("JPEG") + archive({"a.class": b"\xca\xfe\xba\xbe"}), "PolyglotFile"),
    "jpg with a program in its comment": ("photo.jpg", picture("JPEG", comment=b"<?php system($_GET[0]); ?>"), "PolyglotFile"),
    "png and pdf": ("photo.png", picture() + pdf(), "PolyglotFile"),
    "webp and drawing": ("photo.webp", picture("WEBP") + b"<svg onload=alert(1)>", "PolyglotFile"),
    "pdf behind a script": ("paper.pdf", b"alert(1)//" + pdf(), "PolyglotFile"),
    "pdf with a page in its head": ("paper.pdf", pdf(b"%<html><script>alert(1)</script>\n"), "PolyglotFile"),
    "pdf and archive": ("paper.pdf", pdf() + archive({"a": b"b"}), "PolyglotFile"),
    "pdf around an archive": ("paper.pdf", pdf(archive({"a": b"b"})), "PolyglotFile"),
    "pdf and page": ("paper.pdf", pdf() + HTML, "PolyglotFile"),
    "docx behind a picture": ("letter.docx", b"PK\x03\x04" + picture("GIF") + office(), "PolyglotFile"),
    "docx with a comment": ("letter.docx", archive({"[Content_Types].xml": b"", "word/document.xml": b""}, HTML), "PolyglotFile"),
    "docx that climbs": ("letter.docx", office(**{"../../evil.sh": b"x"}), "PolyglotFile"),
    "mp4 and page": ("clip.mp4", mp4(HTML), "PolyglotFile"),
    "mp4 and archive": ("clip.mp4", mp4(archive({"a": b"b"})), "PolyglotFile"),
    "mp4 and pdf": ("clip.mp4", mp4(b"\0" * 1_100 + pdf()), "PolyglotFile"),
    "webm and page": ("clip.webm", webm() + HTML, "PolyglotFile"),
    "webm and drawing": ("clip.webm", webm() + b"<svg onload=alert(1)>", "PolyglotFile"),
    "webm and archive": ("clip.webm", webm() + archive({"a": b"b"}), "PolyglotFile"),
    "mp4 with a script in its head": ("clip.mp4", mp4(b"<script>alert(1)</script>"), "PolyglotFile"),
    "docx with macros": ("letter.docx", office(**{"word/vbaProject.bin": b"x"}), "ActiveContent"),
    "xlsx with controls": ("sums.xlsx", office("xl/workbook.xml", **{"xl/activeX/activeX1.bin": b"x"}), "ActiveContent"),
    "odt with scripts": (
        "letter.odt",
        archive({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"", "Basic/a.xml": b""}),
        "ActiveContent",
    ),
    "pdf with a script": ("paper.pdf", pdf(b"1 0 obj<</S/JavaScript/JS(app.alert(1))>>endobj\n"), "ActiveContent"),
    "pdf that starts a program": ("paper.pdf", pdf(b"1 0 obj<</S/Launch/F(cmd.exe)>>endobj\n"), "ActiveContent"),
    "docx that unpacks to 4 GB": ("letter.docx", patched_size(office(), 4_000_000_000), "ArchiveTooLarge"),
    "docx of 5,001 parts": ("letter.docx", office(**{f"p{n}": b"" for n in range(5_001)}), "ArchiveTooLarge"),
    "bomb of 30,000 pixels": ("photo.png", bomb(), "ImageTooLarge"),
    "bomb just one pixel wide": ("photo.png", bomb(1, 30_000), "ImageTooLarge"),
    "bomb under the side limit": ("photo.png", bomb(11_000, 11_000), "ImageTooLarge"),
    "png cut off": ("photo.png", picture("PNG", (400, 300))[:120], "ImageBroken"),
    "jpg of noise": ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256)), "ImageBroken"),
    "png of nothing": ("photo.png", b"\x89PNG\r\n\x1a\n", "ImageBroken"),
}
