from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawings import cut_jpeg, noise
from ragsight.errors import ImageError, SourceNotFoundError
from ragsight.images import describe_image, image_ref, open_image, read_image_bytes, thumbnail


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=format, **options)
    return buffer.getvalue()


def sideways() -> bytes:
    """A 40x20 picture, red on the left as stored, to be turned by 90 degrees."""
    image = Image.new("RGB", (40, 20), "blue")
    image.paste("red", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image, "JPEG", quality=95, exif=exif)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"]
)
def test_every_mode_opens_as_rgb(mode: str) -> None:
    source = Image.new(mode, (6, 4))
    assert open_image(source).mode == "RGB"
    assert open_image(source).size == (6, 4)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_format_opens_and_its_mime_type_is_found_in_the_bytes(format: str) -> None:
    data = encoded(noise(1), format)
    assert open_image(data).size == (48, 40)
    assert image_ref(data).mime == f"image/{format.lower()}"


def test_exif_rotation_is_applied_to_pixels_and_to_the_size() -> None:
    upright = open_image(sideways())
    assert upright.size == (20, 40)
    assert upright.getpixel((10, 5))[0] > 200
    assert upright.getpixel((10, 35))[2] > 200
    ref = image_ref(sideways())
    assert (ref.width, ref.height) == (20, 40)


def test_transparency_is_flattened_on_white() -> None:
    assert open_image(Image.new("RGBA", (2, 2), (0, 0, 0, 0))).getpixel((0, 0)) == (255,) * 3
    palette = Image.new("P", (2, 2), 0)
    palette.putpalette([10, 20, 30])
    data = encoded(palette, "PNG", transparency=0)
    assert open_image(data).getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    half = Image.fromarray(np.full((2, 2), 128 * 257, dtype=np.uint16))
    assert open_image(encoded(half, "PNG")).getpixel((0, 0)) == (128, 128, 128)


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_image(data).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"these are words", "not an image"),
        (cut_jpeg(), "damaged or cut short"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
    ],
)
def test_what_is_no_image_is_named_with_the_reason(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageError, match=rf"photo\.jpg.*{word}"):
        open_image(path)


def test_a_missing_image_is_also_a_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="absent"):
        open_image(tmp_path / "absent.png")
    with pytest.raises(FileNotFoundError):
        open_image(tmp_path / "absent.png")


def test_a_folder_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="can't be read"):
        open_image(tmp_path)


def test_a_huge_image_is_refused_before_it_is_decoded() -> None:
    bomb = encoded(Image.new("1", (20_000, 20_000)), "PNG")
    assert len(bomb) < 100_000
    with pytest.raises(ImageError, match="too large"):
        open_image(bomb)
    with pytest.raises(ImageError, match="more than the limit"):
        open_image(encoded(noise(1), "PNG"), max_pixels=10)


def test_addresses_of_the_web_go_through_the_safe_fetcher() -> None:
    for url in ("http://127.0.0.1:9/a.png", "HTTPS://localhost/a.png"):
        with pytest.raises(ImageError, match="isn't public"):
            open_image(url)


@pytest.mark.parametrize("url", ["simplecache::http://127.0.0.1/a", "zip://a::HTTPS://x.org/a.zip"])
def test_no_other_file_system_fetches_from_the_web(url: str) -> None:
    with pytest.raises(ImageError, match="not fetched through another file system"):
        open_image(url)


def test_a_data_uri_opens_like_the_bytes_in_it() -> None:
    data = encoded(noise(1), "PNG")
    uri = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    assert open_image(uri).tobytes() == open_image(data).tobytes()
    assert image_ref(uri) == image_ref(data)
    assert image_ref(uri).data == data


def test_images_are_named_without_their_content_and_without_secrets() -> None:
    secret = "data:image/png;base64," + "A" * 1000
    assert describe_image(secret) == "data URI of 1,022 characters"
    assert describe_image("https://me:secret@x.org/a.png?key=secret") == "https://x.org/a.png?…"
    assert describe_image("shoes/red.png") == "shoes/red.png"
    with pytest.raises(ImageError, match=r"^data URI of 1,022 characters: this is not an image"):
        open_image(secret)


def test_a_reference_to_a_file_reads_it_again_and_one_to_bytes_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    noise(1).save(path)
    by_path, by_bytes = image_ref(path), image_ref(path.read_bytes())
    assert by_path.data is None
    assert by_bytes.data == path.read_bytes()
    assert by_path.sha256 == by_bytes.sha256
    assert read_image_bytes(by_path) == path.read_bytes()


def test_a_thumbnail_is_a_small_jpeg_of_the_same_shape() -> None:
    small = open_image(thumbnail(noise(1, (400, 200)), size=100))
    assert small.size == (100, 50)
    assert image_ref(thumbnail(noise(1, (400, 200)), size=100)).mime == "image/jpeg"
