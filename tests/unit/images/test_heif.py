from __future__ import annotations

import io
import sys

import pytest
from PIL import Image, ImageDraw

from ragsight.errors import ImageError, MissingExtraError
from ragsight.images.heif import is_heif, open_heif
from ragsight.images.preparing import ImageLimits, prepare_image

HEADER = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"


def heic(image: Image.Image) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=90)
    return buffer.getvalue()


def photo() -> Image.Image:
    image = Image.new("RGB", (300, 200), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 99, 199), fill="red")
    return image


@pytest.mark.parametrize(
    ("data", "expected"),
    [(HEADER, True), (b"\x89PNG\r\n\x1a\n", False), (b"", False), (HEADER[:10], False)],
)
def test_heic_is_recognised_by_its_bytes(data: bytes, expected: bool) -> None:
    assert is_heif(data) is expected


def test_without_the_package_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'ragsight\[heif\]'"):
        prepare_image(HEADER, ImageLimits())


def test_a_photograph_in_heic_is_sent_as_jpeg_or_png() -> None:
    prepared = prepare_image(heic(photo()), ImageLimits(max_edge=150))

    assert (prepared.width, prepared.height) == (150, 100)
    image = Image.open(io.BytesIO(prepared.data)).convert("RGB")
    red, white = image.getpixel((20, 50)), image.getpixel((120, 50))
    assert isinstance(red, tuple)
    assert isinstance(white, tuple)
    assert red[0] > 200
    assert red[1] < 80
    assert min(white) > 240
    assert prepared.mime in {"image/jpeg", "image/png"}


def test_a_truncated_one_is_named_and_refused() -> None:
    pytest.importorskip("pillow_heif")

    with pytest.raises(ImageError, match="damaged or cut short"):
        prepare_image(heic(photo())[:200], ImageLimits())


def test_one_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(ImageError, match="more than the limit of 100"):
        open_heif(heic(photo()), "photo.heic", max_pixels=100)
