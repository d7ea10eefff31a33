from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from transformers import (
    CLIPImageProcessorPil,
    ConvNextImageProcessorPil,
)

from checkpoints import edit_json, make_clip, make_siglip2_naflex
from drawings import noise
from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip.checkpoint import Checkpoint
from ragsight.encoders.clip.preprocessing import ImagePreparer, ImagePreprocessing
from ragsight.errors import EncoderError, ImageError, SourceNotFoundError
from ragsight.images import open_image


def photo(size: tuple[int, int], seed: int = 0) -> Image.Image:
    """A picture with structure at several scales, as photographs have it."""
    coarse, fine = noise(seed, (9, 7)).resize(size, 3), noise(seed + 1, size)
    return Image.blend(coarse, fine, 0.15)


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=format, **options)
    return buffer.getvalue()


def sideways(size: tuple[int, int]) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(photo(size), "JPEG", exif=exif)


def sixteen_bits() -> bytes:
    values = np.random.default_rng(0).integers(0, 65536, (90, 120), dtype=np.uint16)
    return encoded(Image.fromarray(values), "PNG")


def transparent() -> Image.Image:
    image = photo((100, 70)).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((100, 70)))
    return image


FILES: dict[str, Callable[[], bytes]] = {
    "landscape JPEG": lambda: encoded(photo((640, 427)), "JPEG"),
    "portrait JPEG": lambda: encoded(photo((427, 641)), "JPEG"),
    "large JPEG": lambda: encoded(photo((1999, 1333)), "JPEG"),
    "progressive JPEG": lambda: encoded(photo((300, 301)), "JPEG", progressive=True),
    "grey JPEG": lambda: encoded(photo((300, 200)).convert("L"), "JPEG"),
    "CMYK JPEG": lambda: encoded(photo((300, 200)).convert("CMYK"), "JPEG"),
    "PNG": lambda: encoded(photo((333, 500)), "PNG"),
    "WebP": lambda: encoded(photo((320, 240)), "WEBP"),
    "palette PNG": lambda: encoded(photo((120, 90)).quantize(32), "PNG"),
    "bilevel PNG": lambda: encoded(photo((120, 90)).convert("1"), "PNG"),
    "GIF": lambda: encoded(photo((120, 90)), "GIF"),
    "1 pixel wide": lambda: encoded(photo((1, 37)), "PNG"),
    "1 pixel high": lambda: encoded(photo((37, 1)), "PNG"),
    "1 pixel": lambda: encoded(photo((1, 1)), "PNG"),
}


UPRIGHTED: dict[str, Callable[[], bytes]] = {
    "transparent PNG": lambda: encoded(transparent(), "PNG"),
    "transparent WebP": lambda: encoded(transparent(), "WEBP", lossless=True),
    "16-bit PNG": sixteen_bits,
    "rotated JPEG": lambda: sideways((300, 200)),
}


"""Files of which `open_image` makes another image than the reference does, on purpose."""


def normalised(recipe: ImagePreprocessing, image: Image.Image) -> FloatArray:
    table, pixels = recipe.table(), recipe.apply(image)
    return np.stack([table[channel][pixels[..., channel]] for channel in range(3)])


def reference(processor: Any, image: Image.Image) -> FloatArray:
    return np.asarray(processor(images=image, return_tensors="np")["pixel_values"][0])


def clip_recipe() -> ImagePreprocessing:
    recipe = ImagePreprocessing.from_processor(CLIPImageProcessorPil())
    assert recipe is not None
    return recipe


@pytest.mark.parametrize("name", [*FILES, *UPRIGHTED])
def test_exact_pixels_are_the_references_to_the_bit_for_the_same_rgb_image(
    name: str, tmp_path: Path
) -> None:
    data = {**FILES, **UPRIGHTED}[name]()
    pixels = ImagePreparer(full_size_clip(tmp_path), exact=True).prepare(data)
    expected = reference(CLIPImageProcessorPil(), open_image(data))
    table = clip_recipe().table()
    found = np.stack([table[channel][pixels[..., channel]] for channel in range(3)])
    assert found.dtype == expected.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", FILES)
def test_exact_pixels_are_the_references_to_the_bit_for_the_same_file(name: str) -> None:
    data = FILES[name]()
    expected = reference(CLIPImageProcessorPil(), Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(normalised(clip_recipe(), open_image(data)), expected)


@pytest.mark.parametrize("name", ["16-bit PNG", "rotated JPEG"])
def test_the_reference_reads_some_files_otherwise_and_wrongly(name: str) -> None:
    data = UPRIGHTED[name]()
    raw = reference(CLIPImageProcessorPil(), Image.open(io.BytesIO(data)))
    assert not np.array_equal(normalised(clip_recipe(), open_image(data)), raw)


def test_a_processor_with_steps_of_its_own_is_called_itself(tmp_path: Path) -> None:
    assert ImagePreprocessing.from_processor(ConvNextImageProcessorPil()) is None
    preparer = ImagePreparer(Checkpoint(str(make_siglip2_naflex(tmp_path))), exact=False)
    inputs = preparer.prepare(noise(1))
    assert preparer.recipe is None
    assert set(inputs) == {"pixel_values", "pixel_attention_mask", "spatial_shapes"}


def test_a_nested_configuration_goes_before_one_of_its_own(tmp_path: Path) -> None:
    folder = make_clip(tmp_path)
    nested = {**Checkpoint(str(folder)).read_json("preprocessor_config.json"), "resample": 2}
    (folder / "processor_config.json").write_text("{}")
    edit_json(folder / "processor_config.json", image_processor=nested)
    preparer = ImagePreparer(Checkpoint(str(folder)), exact=False)
    processor = Checkpoint(str(folder)).load_image_processor()
    assert preparer.recipe == ImagePreprocessing.from_processor(processor)
    assert preparer.recipe is not None
    assert preparer.recipe.resample == 2


@pytest.mark.parametrize("size", [(4001, 2999), (1201, 1801), (900, 3001)])
@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
def test_a_large_jpeg_is_decoded_smaller_without_a_difference_that_shows(
    size: tuple[int, int], orientation: int, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(photo(size), "JPEG", quality=90, exif=exif)
    checkpoint = full_size_clip(tmp_path)
    fast = ImagePreparer(checkpoint, exact=False).prepare(data)
    exact = ImagePreparer(checkpoint, exact=True).prepare(data)
    error = np.mean((np.asarray(fast, float) - np.asarray(exact, float)) ** 2)
    assert error > 0
    assert 10 * np.log10(255**2 / error) > 46


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_large_jpegs_of_other_modes_are_decoded_smaller_too(mode: str, tmp_path: Path) -> None:
    data = encoded(photo((2000, 1500)).convert(mode), "JPEG")
    checkpoint = full_size_clip(tmp_path)
    fast = np.asarray(ImagePreparer(checkpoint, exact=False).prepare(data), float)
    exact = np.asarray(ImagePreparer(checkpoint, exact=True).prepare(data), float)
    assert 0 < np.abs(fast - exact).mean() < 1


def test_a_jpeg_under_four_times_the_target_is_decoded_in_full(tmp_path: Path) -> None:
    data = encoded(photo((1190, 895)), "JPEG")
    checkpoint = full_size_clip(tmp_path)
    fast = ImagePreparer(checkpoint, exact=False).prepare(data)
    np.testing.assert_array_equal(fast, ImagePreparer(checkpoint, exact=True).prepare(data))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"words", "not an image"),
        (b"\xff\xd8\xffwords", "not an image|damaged"),
        (encoded(photo((2000, 1500)), "JPEG")[:90_000], "damaged or cut short"),
        (encoded(photo((200, 150)), "PNG")[:9000], "damaged or cut short"),
        (encoded(Image.new("L", (25_000, 20_000)), "JPEG"), "too large"),
        (encoded(Image.new("1", (25_000, 20_000)), "PNG"), "too large"),
    ],
)
@pytest.mark.parametrize("exact", [True, False])
def test_what_cannot_be_opened_is_named_with_the_reason(
    data: bytes, word: str, exact: bool, tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    preparer = ImagePreparer(Checkpoint(str(make_clip(tmp_path))), exact=exact)
    with pytest.raises(ImageError, match=rf"photo\.jpg.*({word})"):
        preparer.prepare(path)


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    preparer = ImagePreparer(Checkpoint(str(make_clip(tmp_path))), exact=False)
    with pytest.raises(SourceNotFoundError, match="absent"):
        preparer.prepare(tmp_path / "absent.jpg")


def test_a_checkpoint_without_an_image_processor_is_named(tmp_path: Path) -> None:
    folder = make_clip(tmp_path)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(EncoderError, match="can't be loaded"):
        ImagePreparer(Checkpoint(str(folder)), exact=False).prepare(noise(1))


def test_a_callers_image_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(photo((2000, 1500)), "JPEG"))
    with Image.open(path) as image:
        ImagePreparer(full_size_clip(tmp_path), exact=False).prepare(image)
        assert image.size == (2000, 1500)


def test_images_of_a_clip_checkpoint_are_prepared_without_torch_or_transformers(
    clip_folder: Path,
) -> None:
    code = (
        "import sys; from PIL import Image;"
        "from ragsight.encoders.clip.checkpoint import Checkpoint;"
        "from ragsight.encoders.clip.preprocessing import ImagePreparer;"
        f"p = ImagePreparer(Checkpoint({str(clip_folder)!r}), exact=False);"
        "print(p.prepare(Image.new('RGB', (50, 40))).shape, 'torch' in sys.modules, "
        "'transformers' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split("\n")[0] == "(32, 32, 3) False False"


def full_size_clip(folder: Path) -> Checkpoint:
    """A checkpoint of which there is only the image processor, with CLIP's 224 pixels."""
    CLIPImageProcessorPil().save_pretrained(folder)
    return Checkpoint(str(folder))
