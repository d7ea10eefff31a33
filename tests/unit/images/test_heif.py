from __future__ import annotations

import io
import sys

import pytest
from PIL import Image, ImageDraw

from drawings import heic
from ragsight.errors import ImageError, MissingDecoderError, MissingExtraError
from ragsight.images import image_ref, open_image
from ragsight.images.heif import is_heif
from ragsight.images.preparing import ImageLimits, prepare_image

HEADER = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"


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

    hint = r"image of 24 bytes: .*pip install 'ragsight\[heif\]'"
    for use in (open_image, image_ref, lambda data: prepare_image(data, ImageLimits())):
        with pytest.raises(MissingDecoderError, match=hint) as caught:
            use(HEADER)
        # One such image costs what any other bad image costs, and the missing package is known.
        assert isinstance(caught.value, ImageError)
        assert isinstance(caught.value, MissingExtraError)


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

    with pytest.raises(ImageError, match="is damaged"):
        prepare_image(heic(photo())[:200], ImageLimits())


def test_one_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(ImageError, match="more than the limit of 100"):
        open_image(heic(photo()), max_pixels=100)


def test_it_is_opened_and_described_like_any_other_image() -> None:
    data = heic(photo())

    ref = image_ref(data)

    assert (ref.mime, ref.width, ref.height) == ("image/heic", 300, 200)
    assert open_image(ref).size == (300, 200)
    assert open_image(data).mode == "RGB"


def test_one_that_was_taken_sideways_is_upright_everywhere() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = heic(photo(), exif=exif.tobytes())

    ref, upright = image_ref(data), open_image(data)

    assert (ref.width, ref.height) == upright.size == (200, 300)
    red = upright.getpixel((100, 20))
    assert isinstance(red, tuple)
    assert red[1] < 80
    prepared = prepare_image(data, ImageLimits())
    assert (prepared.width, prepared.height) == (200, 300)


def test_transparency_is_shown_on_white() -> None:
    assert open_image(heic(Image.new("RGBA", (64, 64), (0, 0, 0, 0)))).getpixel((9, 9)) == (
        255, 255, 255,
    )  # fmt: skip
