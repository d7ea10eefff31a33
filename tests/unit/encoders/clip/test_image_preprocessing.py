from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers import (
    CLIPImageProcessorPil,
    SiglipImageProcessorPil,
    ViTImageProcessorPil,
)

from checkpoints import make_chinese_clip, make_clip, make_siglip
from drawings import noise
from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip.checkpoint import Checkpoint
from ragsight.encoders.clip.preprocessing import ImagePreprocessing

PROCESSORS = {
    "CLIP": CLIPImageProcessorPil(),
    "SigLIP": SiglipImageProcessorPil(),
    "a crop larger than the image": CLIPImageProcessorPil(
        size={"shortest_edge": 50}, crop_size={"height": 81, "width": 64}
    ),
    "a crop without resizing": CLIPImageProcessorPil(
        do_resize=False, crop_size={"height": 41, "width": 300}
    ),
    "no normalisation": CLIPImageProcessorPil(do_normalize=False),
    "no rescaling": CLIPImageProcessorPil(do_rescale=False),
    "ViT": ViTImageProcessorPil(),
}


def normalised(recipe: ImagePreprocessing, image: Image.Image) -> FloatArray:
    table, pixels = recipe.table(), recipe.apply(image)
    return np.stack([table[channel][pixels[..., channel]] for channel in range(3)])


def reference(processor: Any, image: Image.Image) -> FloatArray:
    return np.asarray(processor(images=image, return_tensors="np")["pixel_values"][0])


def clip_recipe() -> ImagePreprocessing:
    recipe = ImagePreprocessing.from_processor(CLIPImageProcessorPil())
    assert recipe is not None
    return recipe


@pytest.mark.parametrize("name", PROCESSORS)
@settings(deadline=None, max_examples=25)
@given(width=st.integers(1, 120), height=st.integers(1, 120))
def test_pixels_are_the_references_for_images_of_any_shape(
    name: str, width: int, height: int
) -> None:
    processor, image = PROCESSORS[name], noise(0, (width, height))
    recipe = ImagePreprocessing.from_processor(processor)
    assert recipe is not None
    np.testing.assert_array_equal(normalised(recipe, image), reference(processor, image))


def test_the_long_side_is_cut_off_to_whole_pixels_and_not_rounded() -> None:
    # 224 * 640 / 480 is 298.67.
    assert clip_recipe().resized_size((640, 480)) == (298, 224)
    assert clip_recipe().resized_size((480, 640)) == (224, 298)


@pytest.mark.parametrize("make", [make_clip, make_siglip, make_chinese_clip])
def test_the_configuration_alone_tells_what_the_processor_does(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    checkpoint = Checkpoint(str(make(tmp_path)))
    by_file = ImagePreprocessing.from_config(checkpoint.read_json("preprocessor_config.json"))
    assert by_file is not None
    assert by_file == ImagePreprocessing.from_processor(checkpoint.load_image_processor())


@pytest.mark.parametrize(
    "config",
    [
        {"feature_extractor_type": "CLIPFeatureExtractor", "size": 224, "crop_size": 224},
        {"image_processor_type": "CLIPImageProcessor", "resample": 2, "do_pad": None},
        {"image_processor_type": "CLIPImageProcessorFast", "size": {"shortest_edge": 224}},
        {"image_processor_type": "ChineseCLIPImageProcessor", "size": {"height": 9, "width": 8}},
        {"image_processor_type": "SiglipImageProcessor", "size": {"height": 384, "width": 384}},
    ],
)
def test_old_and_short_configurations_are_read_as_transformers_reads_them(
    config: dict[str, Any], tmp_path: Path
) -> None:
    folder = make_clip(tmp_path)
    (folder / "preprocessor_config.json").write_text(json.dumps(config))
    processor = Checkpoint(str(folder)).load_image_processor()
    assert ImagePreprocessing.from_config(config) == ImagePreprocessing.from_processor(processor)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"image_processor_type": "SomethingElse"},
        {"image_processor_type": "CLIPImageProcessor", "auto_map": {"AutoImageProcessor": "a.b"}},
        {"image_processor_type": "CLIPImageProcessor", "size": {"longest_edge": 224}},
        {"image_processor_type": "CLIPImageProcessor", "do_center_crop": False},
        {"image_processor_type": "CLIPImageProcessor", "do_pad": True},
        {"image_processor_type": "CLIPImageProcessor", "image_mean": 0.5},
        {"image_processor_type": "CLIPImageProcessor", "resample": None},
        {"image_processor_type": "CLIPImageProcessor", "crop_size": {"shortest_edge": 224}},
    ],
)
def test_a_configuration_that_is_not_understood_is_left_to_transformers(
    config: dict[str, Any],
) -> None:
    assert ImagePreprocessing.from_config(config) is None


def test_an_endless_strip_is_prepared_without_being_blown_up_first() -> None:
    # Resized in full it would have 224 * 4,480,000 pixels, which is 3 GB.
    strip = noise(0, (1, 20_000))
    middle = strip.crop((0, 9_900, 1, 10_100))
    found = np.asarray(clip_recipe().apply(strip), int)
    assert np.abs(found - np.asarray(clip_recipe().apply(middle), int)).max() <= 1
