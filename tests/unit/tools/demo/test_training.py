from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch
import transformers
from PIL import Image
from tools.demo.training.batches import also_true, augment
from tools.demo.training.captions import Caption
from tools.demo.training.checkpoint import SIDE, WIDTH
from tools.demo.training.pool import render, square_of
from tools.demo.training.samples import Sample, training_samples
from tools.demo.training.start import places
from tools.demo.training.train import Settings, contrastive_loss, train

pytestmark = pytest.mark.skipif(
    not hasattr(torch.optim, "Muon") or int(transformers.__version__.split(".")[0]) < 5,
    reason="training the demo model needs torch 2.9 and transformers 5",
)

MUG = Sample("mug", "red", "plain", 1)
BOOT = Sample("boot", "red", "striped", 1)


def test_a_caption_true_of_another_picture_does_not_count_against_it() -> None:
    captions = [Caption("a red thing", frozenset({"red"})), Caption("a boot", frozenset({"boot"}))]
    wrong = Caption("a blue boot", frozenset({"blue", "boot"}))
    unknown = also_true([MUG, BOOT], [*captions, wrong])
    assert unknown.tolist() == [[False, False, False], [True, False, False]]


def test_the_loss_falls_when_pictures_meet_their_captions() -> None:
    axes, none = torch.eye(4), torch.zeros(4, 4, dtype=torch.bool)
    scale = torch.tensor(2.0)
    met = contrastive_loss(axes, axes, scale, none)
    missed = contrastive_loss(axes, axes.roll(1, 0), scale, none)
    assert met < missed


def test_a_pair_that_counts_for_nothing_does_not_change_the_loss() -> None:
    images, texts = torch.eye(3), torch.eye(3)
    unknown = torch.zeros(3, 3, dtype=torch.bool)
    unknown[0, 1] = True
    scale = torch.tensor(1.0)
    other = images.clone()
    before = contrastive_loss(images, texts, scale, unknown)
    kept = contrastive_loss(other, texts, scale, torch.zeros_like(unknown))
    assert before < kept


def test_augmented_pictures_have_the_size_of_the_models_input() -> None:
    torch.manual_seed(0)
    pixels = augment(torch.rand(6, 3, 80, 80), Random(0))
    assert pixels.shape == (6, 3, SIDE, SIDE)


def test_a_wide_picture_is_cut_as_the_clip_processor_cuts_it() -> None:
    wide = Image.new("RGB", (300, 100), "white")
    wide.paste((255, 0, 0), (100, 0, 200, 100))
    square = square_of(wide, 50)
    assert square.size == (50, 50)
    assert square.getpixel((25, 25)) == (255, 0, 0)
    assert square.getpixel((2, 25)) == (255, 0, 0)


def test_every_place_has_a_code_of_its_own_nearest_to_its_neighbours() -> None:
    codes = places()
    assert codes.shape == ((SIDE // 8) ** 2, WIDTH)
    near, far = codes[0] @ codes[1], codes[0] @ codes[-1]
    assert codes[0] @ codes[0] > near > far


def test_drawing_in_this_process_gives_the_same_pictures_as_drawing_in_others() -> None:
    samples = [MUG, BOOT]
    assert (render(samples, workers=1) == render(samples, workers=2)).all()


def test_a_short_training_writes_a_checkpoint_that_transformers_loads(tmp_path: Path) -> None:
    samples = list(training_samples(products=1, shapes=1, figures=1))[::40]
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        trained = train(Settings(steps=3, batch=8, threads=1), tmp_path, samples)
    torch.set_num_threads(threads)
    loaded = transformers.CLIPModel.from_pretrained(tmp_path)
    processor = transformers.CLIPProcessor.from_pretrained(tmp_path)
    inputs = processor(text=["a red mug"], images=[Image.new("RGB", (90, 70))], return_tensors="pt")
    with torch.no_grad():
        first, second = trained(**inputs), loaded(**inputs)
    assert torch.allclose(first.logits_per_image, second.logits_per_image, atol=1e-5)
