from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from ragsight.errors import ImageError, SourceNotFoundError
from ragsight.images.preparing import ImageLimits, prepare_image

SMALL = ImageLimits(max_edge=200)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_bytes_that_are_fit_already_are_sent_as_they_are() -> None:
    data = encoded(noise(100, 80), "JPEG")

    prepared = prepare_image(data, SMALL)

    assert prepared.data == data
    assert (prepared.untouched, prepared.mime) == (True, "image/jpeg")


def test_a_sideways_photograph_is_sent_upright_and_without_its_metadata() -> None:
    picture = Image.new("RGB", (100, 60), "white")
    picture.paste("red", (0, 0, 20, 60))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera"

    prepared = prepare_image(encoded(picture, "JPEG", exif=exif, quality=95), SMALL)

    image = opened(prepared.data)
    assert (image.width, image.height) == (60, 100)
    assert not image.getexif()
    assert image.convert("RGB").getpixel((30, 5))[1] < 60  # red stripe, now at the top


def test_metadata_alone_is_reason_enough_to_encode_anew() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera"

    prepared = prepare_image(encoded(noise(50, 50), "JPEG", exif=exif), SMALL)

    assert not prepared.untouched
    assert b"Camera" not in prepared.data


def test_transparent_parts_become_white_not_black() -> None:
    picture = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((10, 10, 20, 20), fill="red")

    image = opened(prepare_image(encoded(picture, "PNG"), SMALL).data)

    assert image.mode == "RGB"
    assert image.getpixel((1, 1)) == (255, 255, 255)
    assert image.getpixel((15, 15)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "CMYK"), ("TIFF", "CMYK"), ("PNG", "I;16"), ("BMP", "RGB"), ("GIF", "P")],
)
def test_every_kind_of_picture_becomes_rgb_in_an_allowed_format(kind: str, mode: str) -> None:
    prepared = prepare_image(encoded(Image.new(mode, (30, 30)), kind), SMALL)

    assert prepared.mime in SMALL.formats
    assert opened(prepared.data).mode == "RGB"


def test_of_an_animation_only_the_first_frame_is_sent() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    limits = ImageLimits(formats=frozenset({"image/gif", "image/png", "image/jpeg"}))
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    image = opened(prepare_image(data, limits).data)

    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_the_media_type_comes_from_the_bytes_not_from_the_name(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(encoded(Image.new("RGB", (20, 20), "red"), "PNG"))

    assert prepare_image(path, SMALL).mime == "image/png"


def test_a_truncated_image_is_refused_even_if_it_would_be_sent_untouched(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    path.write_bytes(encoded(noise(100, 100), "JPEG")[:-2000])

    with pytest.raises(ImageError, match=r"cut\.jpg.*damaged"):
        prepare_image(path, SMALL)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"none\.png"):
        prepare_image(tmp_path / "none.png", SMALL)


def test_a_photograph_becomes_jpeg_and_a_drawing_stays_lossless() -> None:
    drawing = Image.new("RGB", (150, 150), "white")
    ImageDraw.Draw(drawing).line((0, 0, 149, 149), fill="blue", width=3)

    assert prepare_image(noise(300, 300), ImageLimits()).mime == "image/jpeg"
    prepared = prepare_image(drawing, ImageLimits())
    assert prepared.mime == "image/png"
    assert opened(prepared.data).tobytes() == drawing.tobytes()


def test_too_many_bytes_cost_quality_first_and_then_size() -> None:
    picture = noise(200, 200)
    full = prepare_image(picture, SMALL)

    lower = prepare_image(picture, ImageLimits(max_edge=200, max_bytes=len(full.data) - 1))
    smaller = prepare_image(picture, ImageLimits(max_edge=200, max_bytes=len(full.data) // 8))

    assert (lower.width, lower.height) == (200, 200)
    assert smaller.width < 200
    assert len(smaller.data) <= len(full.data) // 8


def test_an_impossible_byte_limit_is_an_error_not_an_endless_loop() -> None:
    with pytest.raises(ImageError, match="10 bytes"):
        prepare_image(noise(100, 100), ImageLimits(max_bytes=10))


def test_downscaling_is_antialiased_so_that_it_hides_no_second_picture() -> None:
    # A nearest-neighbour scaler that takes every fourth pixel would see nothing but black.
    pixels = np.full((400, 400, 3), 255, dtype=np.uint8)
    pixels[2::4, 2::4] = 0

    image = opened(prepare_image(Image.fromarray(pixels), ImageLimits(max_edge=100)).data)

    assert np.asarray(image.convert("L")).min() > 200


def photograph(width: int, height: int) -> Image.Image:
    """Colours that change at every scale, as in a photograph, and a sensor's noise."""
    random = np.random.default_rng(3)
    total = np.zeros((height, width, 3), dtype=np.float32)
    for size, weight in ((8, 1.0), (32, 0.5), (128, 0.25), (512, 0.12), (2048, 0.05)):
        coarse = random.integers(0, 256, (size * 3 // 4, size, 3), dtype=np.uint8)
        scaled = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        total += weight * np.asarray(scaled, dtype=np.float32)
    total += random.normal(0, 4, (height, width, 1)).astype(np.float32)
    return Image.fromarray(np.clip(total / 1.92, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("limits", [ImageLimits(max_edge=2576), ImageLimits(max_edge=1568)])
def test_a_photograph_of_twelve_megapixels_is_sent_in_a_megabyte(limits: ImageLimits) -> None:
    data = encoded(photograph(4032, 3024), "JPEG", quality=92)

    prepared = prepare_image(data, limits)

    assert len(prepared.data) <= 1_000_000
    assert (prepared.mime, prepared.width) == ("image/jpeg", limits.max_edge)


def test_a_grey_photograph_is_no_drawing_though_it_has_few_colours() -> None:
    grey = photograph(1600, 1200).convert("L")

    assert prepare_image(grey, ImageLimits(max_edge=1600)).mime == "image/jpeg"


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_large_jpeg_is_read_at_a_fraction_of_its_size_and_still_upright(
    orientation: int,
) -> None:
    picture = Image.new("RGB", (1600, 800), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 399, 199), fill="red")
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(picture, "JPEG", exif=exif, quality=95)

    prepared = prepare_image(data, SMALL)

    upright = {1: (200, 100), 3: (200, 100), 6: (100, 200), 8: (100, 200)}[orientation]
    corner = {1: (5, 5), 3: (195, 95), 6: (95, 5), 8: (5, 195)}[orientation]
    assert (prepared.width, prepared.height) == upright
    pixel = opened(prepared.data).convert("RGB").getpixel(corner)
    assert isinstance(pixel, tuple)
    assert pixel[1] < 60


def test_a_large_jpeg_that_is_cut_short_is_refused_as_well() -> None:
    data = encoded(noise(1000, 800), "JPEG")

    with pytest.raises(ImageError, match="damaged or cut short"):
        prepare_image(data[: len(data) // 2], SMALL)


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    # A PNG of 400 megapixels in a few hundred kilobytes.
    bomb = encoded(Image.new("1", (20_000, 20_000)), "PNG")

    with pytest.raises(ImageError, match=r"too large|more than the limit"):
        prepare_image(bomb, SMALL)


@given(
    width=st.integers(1, 12_000),
    height=st.integers(1, 12_000),
    edge=st.integers(1, 6000),
    short=st.none() | st.integers(1, 2000),
    patches=st.none() | st.integers(1, 10_000),
    patch=st.sampled_from([28, 32]),
)
def test_a_fitted_size_is_allowed_keeps_its_shape_and_never_grows(
    width: int, height: int, edge: int, short: int | None, patches: int | None, patch: int
) -> None:
    limits = ImageLimits(max_edge=edge, max_short_edge=short, max_patches=patches, patch=patch)

    fitted_width, fitted_height = limits.fit(width, height)

    assert limits.allows(fitted_width, fitted_height) or max(fitted_width, fitted_height) == 1
    assert fitted_width <= width
    assert fitted_height <= height
    scale = max(fitted_width, fitted_height) / max(width, height)
    assert abs(fitted_width - max(1, width * scale)) <= 0.5 + 1e-6
    assert abs(fitted_height - max(1, height * scale)) <= 0.5 + 1e-6


@settings(deadline=None, max_examples=30)
@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    edge=st.integers(16, 300),
    max_bytes=st.integers(2_000, 50_000),
    mode=st.sampled_from(["RGB", "L", "RGBA", "P", "1", "CMYK"]),
)
def test_no_prepared_image_is_over_a_limit(
    width: int, height: int, edge: int, max_bytes: int, mode: str
) -> None:
    limits = ImageLimits(max_edge=edge, max_patches=40, max_bytes=max_bytes)

    prepared = prepare_image(noise(width, height).convert(mode), limits)

    assert len(prepared.data) <= max_bytes
    image = opened(prepared.data)
    assert image.size == (prepared.width, prepared.height)
    assert limits.allows(*image.size)
    assert image.get_format_mimetype() == prepared.mime


def test_base64_size_is_the_length_of_the_base64() -> None:
    prepared = prepare_image(noise(33, 21), SMALL)

    assert prepared.base64_size == len(prepared.base64)
    assert prepared.data_uri == f"data:{prepared.mime};base64,{prepared.base64}"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"dpi": (300, 300), "progressive": True}),
        ("PNG", {"dpi": (300, 300)}),
        ("WEBP", {"lossless": True}),
        ("GIF", {}),
    ],
)
def test_what_only_says_how_to_show_an_image_is_no_reason_to_encode_anew(
    kind: str, options: dict[str, Any]
) -> None:
    picture = noise(50, 50).convert("P") if kind == "GIF" else noise(50, 50)
    limits = replace(SMALL, formats=frozenset({f"image/{kind.lower()}"}))

    assert prepare_image(encoded(picture, kind, **options), limits).untouched


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"comment": b"Taken at home"}),
        ("GIF", {"comment": b"Taken at home"}),
        ("PNG", {"pnginfo": PngInfo()}),
    ],
)
def test_words_beside_the_pixels_are_not_sent(kind: str, options: dict[str, Any]) -> None:
    if "pnginfo" in options:
        options["pnginfo"].add_text("Author", "Taken at home")
    data = encoded(noise(50, 50), kind, **options)
    assert b"Taken at home" in data

    prepared = prepare_image(data, replace(SMALL, formats=SMALL.formats | {"image/gif"}))

    assert not prepared.untouched
    assert b"Taken at home" not in prepared.data
