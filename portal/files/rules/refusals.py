"""Every reason for which a file is not taken, by name."""

from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class FileRefused(Refusal):
    """A file was not taken. Nothing of it was kept."""

    field = "file"


class FileEmpty(FileRefused):
    """Nothing arrived, or a file of 0 bytes."""

    message = N_("This file is empty. Please choose another one.")


class FileTooLarge(FileRefused):
    """More bytes than the installation takes."""

    message = N_("This file is larger than %(limit)s MB. Please choose a smaller one.")
    status = 413


class FileTypeNotAllowed(FileRefused):
    """The ending of the name is none of those that are taken here."""

    message = N_("Files ending in “%(extension)s” are not taken here. You can use: %(allowed)s.")


class SvgNotAllowed(FileTypeNotAllowed):
    """An SVG drawing can hold scripts."""

    message = N_("SVG drawings can hold scripts and are not taken. Please save the drawing as PNG.")


class HtmlNotAllowed(FileTypeNotAllowed):
    """A web page, whatever its name says."""

    message = N_("Web pages are not taken. Please save the page as PDF.")


class PageIsNoPicture(HtmlNotAllowed):
    """A web page where only pictures are taken."""

    message = N_("Web pages are not taken here, only pictures: %(allowed)s.")


class PageIsNoTable(HtmlNotAllowed):
    """A web page where rows are imported."""

    message = N_("This is a web page. Here rows are taken: %(allowed)s.")


class FileContentMismatch(FileRefused):
    """The content is not what the ending of the name says."""

    message = N_("The name ends in “%(extension)s”, but the content is something else. Please check the file and save it again.")


class PolyglotFile(FileRefused):
    """One file that is two things at once, as used to slip a script past a check."""

    message = N_("This file holds a second, hidden kind of content. Please export it again from the program it was made with.")


class ActiveContent(FileRefused):
    """Macros in an office document, scripts or programs in a PDF."""

    message = N_("This document holds macros or scripts. Please save it without them.")


class ArchiveTooLarge(FileRefused):
    """An office document that unpacks to far more than its size, or to thousands of parts."""

    message = N_("This document unpacks to more than is safe to open. Please save a simpler version of it.")


class ImageTooLarge(FileRefused):
    """More pixels than are safe to decode."""

    message = N_("This picture has %(width)s × %(height)s pixels. The most is %(side)s on a side and %(megapixels)s million in all.")


class ImageBroken(FileRefused):
    """The picture cannot be read to its end."""

    message = N_("This picture is damaged and cannot be read. Please save it again.")
