"""Image files to pictures, one per page, within limits on pixels and pages."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import SourceError

if TYPE_CHECKING:
    from PIL.Image import Image

# A3 at 600 dpi has 70 million pixels
MOST_PIXELS = 100_000_000
MOST_PAGES = 500
_SMALLEST = 40
# more is not read better
_NEEDED_DPI = 200.0
# a pixel whose red exceeds its green and blue by more than this holds red ink; paper is never so warm
_RED = 24
_LOW_DPI, _HIGH_DPI = 90.0, 1300.0
_A4_LONG, _A3_LONG, _A6_LONG = 11.69, 16.6, 5.6


@dataclass(frozen=True, slots=True)
class Picture:
    """One page as grey pixels (rows x columns, uint8) and its resolution in dots per inch.

    ``reduced``: each pixel stands for so many of the file's in both directions.
    """

    grey: Any
    dpi: float
    reduced: int = 1


def open_pictures(data: bytes) -> Iterator[Picture]:
    """Yield the pages of an image file; SourceError ``too_large``, ``truncated`` or ``corrupt``."""
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        raise SourceError("too_large", detail=str(error)) from error
    except UnidentifiedImageError as error:
        raise SourceError("corrupt", detail="no image in it") from error
    except Exception as error:
        raise SourceError("corrupt", detail=f"{type(error).__name__} {error}".strip()) from error
    with image:
        pages = int(getattr(image, "n_frames", 1))
        if pages > MOST_PAGES:
            raise SourceError("too_large", detail=f"{pages} pages; the limit is {MOST_PAGES}")
        for number in range(pages):
            yield _page(image, number)


def _page(image: "Image", number: int) -> Picture:
    place = f"page {number + 1}"
    try:
        image.seek(number)
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise SourceError(
                "too_large", place=place, detail=f"{width} x {height} pixels; the limit is {MOST_PIXELS}"
            )
        if min(width, height) < _SMALLEST:
            raise SourceError("unsupported", place=place, detail=f"{width} x {height} pixels hold no page")
        dpi = _dpi(image.info.get("dpi"), width, height)
        reduced = max(1, int(dpi // _NEEDED_DPI))
        return Picture(_grey(image, reduced), dpi / reduced, reduced)
    except SourceError:
        raise
    except (OSError, EOFError) as error:
        raise SourceError("truncated", place=place, detail=str(error)) from error
    except Exception as error:
        raise SourceError("corrupt", place=place, detail=f"{type(error).__name__} {error}".strip()) from error


def _grey(image: "Image", reduced: int) -> Any:
    """Return the pixels as grey, turned as the camera says, red ink taken for paper."""
    import numpy as np
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    if "A" in upright.getbands() or "transparency" in upright.info:
        from PIL import Image

        upright = upright.convert("RGBA")
        paper = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(paper, upright)
    if upright.mode in ("1", "L"):
        return np.array(upright.convert("L").reduce(reduced))
    if upright.mode.startswith(("I", "F")):
        # 16 and 32 bits: stretched to 8, which convert("L") would clip
        values = np.array(upright.convert("F").reduce(reduced), dtype=np.float32)
        low, high = float(values.min()), float(values.max())
        return ((values - low) * (255.0 / max(high - low, 1.0))).astype(np.uint8)
    return without_red(np.array(upright.convert("RGB").reduce(reduced)))


def without_red(colours: Any) -> Any:
    """Return RGB pixels as grey in which red ink is paper: a seal vanishes, black print under it stays.

    The red channel, lightened by as much as it stands out: a seal is not quite as light there as the paper.
    """
    import numpy as np

    red = colours[:, :, 0].astype(np.int16)
    over = red - colours[:, :, 1:3].max(2)
    return np.clip(red + np.maximum(over - _RED, 0) // 2, 0, 255).astype(np.uint8)


def _dpi(printed: object, width: int, height: int) -> float:
    """Return the resolution that the file states where it makes a page of a usual size, else that of A4."""
    longest = max(width, height)
    if isinstance(printed, tuple) and printed:
        stated = float(printed[0])
        if _LOW_DPI <= stated <= _HIGH_DPI and _A6_LONG <= longest / stated <= _A3_LONG:
            return stated
    return longest / _A4_LONG
