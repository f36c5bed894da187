"""Pictures: measured before they are decoded, then written anew, so that neither metadata nor anything hidden survives."""

import warnings
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO, Any

from PIL import Image, ImageCms, ImageOps

from portal.files.rules.kinds import MAX_PIXELS, MAX_SIDE, SIZES, Kind
from portal.files.rules.refusals import ImageBroken, ImageTooLarge

QUALITY: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 88, "optimize": True},
    "WEBP": {"quality": 86, "method": 4},
    "PNG": {"optimize": True},
    "GIF": {},
}


@dataclass(frozen=True)
class Picture:
    """A picture written anew, with its smaller sizes (WebP) by name."""

    content: bytes
    width: int
    height: int
    sizes: dict[str, bytes] = field(default_factory=dict)


def rewrite(stream: IO[bytes], kind: Kind) -> Picture:
    """Return the picture decoded and encoded anew: turned upright, in sRGB, without metadata. An animation becomes its first frame.

    Refuses pictures with too many pixels, by their header and before any pixel is decoded, and damaged ones.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(stream, formats=[kind.name]) as opened:
                _require_modest(*opened.size)
                opened.load()
                upright = _in_srgb(ImageOps.exif_transpose(opened))
        except Image.DecompressionBombError as error:
            raise ImageTooLarge(width="?", height="?", side=MAX_SIDE, megapixels=MAX_PIXELS // 1_000_000) from error
        except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, MemoryError) as error:
            raise ImageBroken() from error
        return Picture(_encode(upright, kind.name), upright.width, upright.height, _smaller(upright))


@dataclass(frozen=True)
class Measures:
    """How large a kept picture is, in pixels."""

    width: int
    height: int

    @property
    def widths(self) -> dict[str, int]:
        """How wide each of its sizes is, smallest first; a size that is no larger than the one before is left out."""
        found: dict[str, int] = {}
        for name, side in sorted(SIZES.items(), key=lambda item: item[1]):
            wide = max(round(self.width * min(side / max(self.width, self.height), 1)), 1)
            if wide not in found.values():
                found[name] = wide
        return found


def sizes_of(stream: IO[bytes], kind_name: str) -> dict[str, bytes]:
    """Return a kept picture, which this portal wrote itself, in each of ``SIZES``."""
    with Image.open(stream, formats=[kind_name]) as opened:
        opened.load()
        return _smaller(_in_srgb(opened))


def _require_modest(width: int, height: int) -> None:
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise ImageTooLarge(width=width, height=height, side=MAX_SIDE, megapixels=MAX_PIXELS // 1_000_000)


def _in_srgb(image: Image.Image) -> Image.Image:
    """Return ``image`` as RGB or RGBA in sRGB with an empty ``info``; a colour profile that cannot be read is dropped."""
    profile = image.info.get("icc_profile")
    has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGBA" if has_alpha else "RGB")
            image = converted or image
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    plain = image.convert("RGBA" if has_alpha else "RGB")
    plain.info.clear()
    return plain


def _encode(image: Image.Image, format_name: str) -> bytes:
    out = BytesIO()
    if format_name == "JPEG":
        image = image.convert("RGB")
    image.save(out, format_name, **QUALITY[format_name])
    return out.getvalue()


def _smaller(image: Image.Image) -> dict[str, bytes]:
    """Return the picture in each of ``SIZES``, the longest side at most so many pixels; never enlarged."""
    made = {}
    for name, side in sorted(SIZES.items(), key=lambda item: -item[1]):
        image = image.copy()
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        made[name] = _encode(image, "WEBP")
    return made
