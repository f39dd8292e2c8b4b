"""A member's picture: whatever was uploaded becomes a small square PNG, drawn anew."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

__all__ = ["LARGEST_UPLOAD", "SIDE", "Unusable", "as_avatar"]

SIDE: Final = 256
"""Pixels of a picture's side, as the chat shows it at most."""

LARGEST_UPLOAD: Final = 5 * 1024 * 1024
"""Bytes of a file that a member may upload."""

LARGEST_CANVAS: Final = 40_000_000
"""Pixels. A file of some kilobytes can unpack to gigabytes; the camera of a phone takes 12 to 25 million."""

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")


class Unusable(Exception):
    """This upload cannot become a picture; the message is for the member who sent it."""


def as_avatar(upload: bytes) -> bytes:
    """The middle of the picture in `upload` as a PNG of `SIDE` by `SIDE` pixels.

    Only pixels are taken over, so neither the place where the photo was taken nor bytes that another program
    might run stay in it. Raises `Unusable`.
    """
    if len(upload) > LARGEST_UPLOAD:
        raise Unusable(f"The picture must be smaller than {LARGEST_UPLOAD // 1024**2} MB")
    try:
        with Image.open(BytesIO(upload), formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST_CANVAS:
                raise Unusable("The picture has too many pixels; make it smaller and try again")
            upright = ImageOps.exif_transpose(picture)
            square = ImageOps.fit(upright.convert("RGBA"), (SIDE, SIDE))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unusable("The picture has too many pixels; make it smaller and try again") from error
    # Pillow's readers raise each of these for damaged files (its documentation of Image.open and Image.load).
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Unusable("The file is not a picture that can be read; send a JPEG, PNG, WebP or GIF") from error
    canvas = Image.new("RGB", (SIDE, SIDE), "white")
    canvas.paste(square, mask=square)
    png = BytesIO()
    canvas.save(png, "PNG", optimize=True)
    return png.getvalue()
