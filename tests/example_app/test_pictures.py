from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from example_app.pictures import LARGEST_UPLOAD, SIDE, Unusable, as_avatar


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def opened(png: bytes) -> Image.Image:
    picture = Image.open(BytesIO(png))
    assert picture.format == "PNG"
    return picture


@pytest.mark.parametrize("size", [(1, 1), (10, 900), (900, 10), (256, 256), (3000, 2000)])
def test_every_picture_becomes_a_square_of_one_size(size: tuple[int, int]) -> None:
    assert opened(as_avatar(encoded(Image.new("RGB", size, "red")))).size == (SIDE, SIDE)


def test_the_middle_is_what_is_kept() -> None:
    picture = Image.new("RGB", (300, 100), "red")
    picture.paste("blue", (100, 0, 200, 100))
    avatar = opened(as_avatar(encoded(picture)))
    assert avatar.getpixel((5, 128)) == avatar.getpixel((250, 128)) == (0, 0, 255)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "CMYK", "I;16", "1"])
def test_every_mode_of_colour_is_understood(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(as_avatar(encoded(Image.new(mode, (40, 40)), kind))).mode == "RGB"


def test_what_shines_through_is_white() -> None:
    avatar = opened(as_avatar(encoded(Image.new("RGBA", (40, 40), (255, 0, 0, 0)))))
    assert avatar.getpixel((9, 9)) == (255, 255, 255)


def test_a_photo_is_turned_upright_and_loses_where_it_was_taken() -> None:
    picture = Image.new("RGB", (100, 100), "red")
    picture.paste("blue", (0, 0, 100, 50))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    exif[0x010E] = "taken in our garden"
    avatar = opened(as_avatar(encoded(picture, "JPEG", exif=exif.tobytes(), comment=b"our garden")))
    red, _, blue = avatar.getpixel((128, 40))  # type: ignore[misc]
    assert red > 200 > blue
    assert dict(avatar.getexif()) == {}
    assert avatar.info == {}


@pytest.mark.parametrize(
    "upload",
    [
        b"",
        b"GIF89a",
        b"%PDF-1.7",
        b"P6 1 1 255 abc",
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        encoded(Image.effect_noise((300, 300), 90))[:-2000],
        encoded(Image.effect_noise((300, 300), 90), "JPEG")[:3000],
        encoded(Image.new("RGB", (9, 9)), "TIFF"),
    ],
    ids=["empty", "cut gif", "pdf", "ppm", "hollow png", "cut png", "cut jpeg", "tiff"],
)
def test_what_cannot_be_read_is_unusable(upload: bytes) -> None:
    with pytest.raises(Unusable, match="not a picture that can be read"):
        as_avatar(upload)


def test_a_file_that_is_too_large_is_unusable() -> None:
    with pytest.raises(Unusable, match="smaller than 5 MB"):
        as_avatar(bytes(LARGEST_UPLOAD + 1))


@pytest.mark.parametrize("side", [6_400, 10_000, 14_000])
def test_a_small_file_that_unpacks_to_a_huge_canvas_is_unusable(side: int) -> None:
    upload = encoded(Image.new("1", (side, side)))
    assert len(upload) < 100_000
    with pytest.raises(Unusable, match="too many pixels"):
        as_avatar(upload)
