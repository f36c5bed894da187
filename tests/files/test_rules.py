"""What is taken and what is refused, by content and by name."""

import io

import pytest
from PIL import Image

from portal.files.rules.images import rewrite
from portal.files.rules.inspection import inspect
from portal.files.rules.kinds import BY_EXTENSION, TAKEN, Purpose, clean_filename, kind_for
from portal.files.rules.refusals import FileTypeNotAllowed, HtmlNotAllowed, PageIsNoPicture, PageIsNoTable
from tests.files import samples


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\cv.docx", "cv.docx"),
        (".htaccess", "htaccess"),
        ("a\r\nSet-Cookie: x=1.png", "a Set-Cookie_ x=1.png"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ('a"b;c%00.png', "a_b_c_00.png"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
        ("Größe.pdf", "Größe.pdf"),
        ("  ", "file"),
        (None, "file"),
    ],
)
def test_a_filename_is_cleaned(given: str | None, kept: str) -> None:
    assert clean_filename(given) == kept


@pytest.mark.parametrize("purpose", [Purpose.IMAGE, Purpose.PICTURE])
@pytest.mark.parametrize("name", ["a.pdf", "a.csv", "a.mp4", "a.gz"])
def test_where_a_picture_is_asked_only_pictures_are_taken(purpose: Purpose, name: str) -> None:
    with pytest.raises(FileTypeNotAllowed):
        kind_for(name, purpose)


def test_every_taken_ending_has_a_kind() -> None:
    assert {extension for taken in TAKEN.values() for extension in taken} == set(BY_EXTENSION)


def test_a_picture_with_a_comment_in_it_loses_it() -> None:
    written = rewrite(io.BytesIO(samples.picture_with_text()), BY_EXTENSION[".png"])
    assert b"secret" not in written.content


def test_a_photo_is_turned_upright_and_loses_place_and_description() -> None:
    written = rewrite(io.BytesIO(samples.picture_with_secrets()), BY_EXTENSION[".jpg"])
    opened = Image.open(io.BytesIO(written.content))
    assert (written.width, written.height) == opened.size == (20, 40)
    assert len(opened.getexif()) == 0
    assert b"secret" not in written.content


def test_sizes_are_made_smaller_and_never_larger() -> None:
    written = rewrite(io.BytesIO(samples.picture("PNG", (1000, 500))), BY_EXTENSION[".png"])
    sizes = {name: Image.open(io.BytesIO(content)).size for name, content in written.sizes.items()}
    assert sizes == {"large": (1000, 500), "medium": (640, 320), "small": (320, 160)}


def test_transparency_survives() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(out, "PNG")
    written = rewrite(io.BytesIO(out.getvalue()), BY_EXTENSION[".png"])
    assert Image.open(io.BytesIO(written.content)).getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("case", [c for c in samples.GOOD if samples.GOOD[c][2].startswith("image/")])
def test_what_was_written_anew_is_still_of_its_kind(case: str) -> None:
    name, content, _ = samples.GOOD[case]
    kind = kind_for(name, Purpose.IMAGE)
    inspect(rewrite(io.BytesIO(content), kind).content, kind, kind.extensions[0])


@pytest.mark.parametrize(
    ("name", "purpose", "refusal"),
    [
        ("page.html", Purpose.DOCUMENT, HtmlNotAllowed),
        ("page.html", Purpose.IMAGE, PageIsNoPicture),
        ("page.png", Purpose.IMAGE, PageIsNoPicture),
        ("page.png", Purpose.PICTURE, PageIsNoPicture),
        ("page.csv", Purpose.IMPORT, PageIsNoTable),
    ],
)
def test_a_web_page_is_told_only_what_is_taken_there(name: str, purpose: Purpose, refusal: type[FileTypeNotAllowed]) -> None:
    with pytest.raises(HtmlNotAllowed) as refused:
        inspect(samples.HTML, kind_for(name, purpose), name[-4:], purpose)
    assert type(refused.value) is refusal
    assert ("PDF" in refused.value.message) is (purpose is Purpose.DOCUMENT)
    assert refused.value.facts["allowed"] == ", ".join(ending[1:] for ending in TAKEN[purpose])
