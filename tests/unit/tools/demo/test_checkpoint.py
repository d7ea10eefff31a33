from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from tools.demo.training.captions import describe
from tools.demo.training.measure import Scorer, measure
from transformers import AutoProcessor, AutoTokenizer, CLIPModel, CLIPProcessor

from ragsight.demo import DEMO_MODEL_NOTE, demo_model_path
from ragsight.demo.catalogue import draw, products
from ragsight.demo.drawing import draw_shape

LIMIT = 8 * 1024 * 1024


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(demo_model_path())


def test_the_checkpoint_fits_into_the_package() -> None:
    files = [path for path in demo_model_path().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LIMIT


def test_transformers_loads_it_by_its_general_names_too() -> None:
    folder = demo_model_path()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    processor = AutoProcessor.from_pretrained(folder)
    assert isinstance(processor, CLIPProcessor)
    assert tokenizer("a red mug").input_ids == processor(text="a red mug").input_ids
    config = CLIPModel.from_pretrained(folder).config.text_config
    assert config.eos_token_id == tokenizer.eos_token_id
    assert config.eos_token_id == config.vocab_size - 1


@pytest.mark.parametrize("text", ["Café 🚀 №7", "日本語", "x" * 30, "<b>&amp;</b>\n\t", ""])
def test_no_text_has_an_unknown_token_that_would_end_it_early(text: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(demo_model_path())
    ids = tokenizer(text).input_ids
    assert ids.count(tokenizer.eos_token_id) == 1
    assert ids[-1] == tokenizer.eos_token_id


def test_padding_does_not_change_a_text(scorer: Scorer) -> None:
    alone = scorer.texts(["a red striped sneaker"])
    padded = scorer.texts(["a red striped sneaker", "a long sentence about an orange umbrella"])
    assert torch.allclose(alone[0], padded[0], atol=1e-5)


def test_the_shop_is_searched_by_pixels_and_the_red_striped_sneakers_come_first(
    scorer: Scorer,
) -> None:
    shop = products()
    images = scorer.images([draw(product, 128) for product in shop])
    for query in ("red striped sneaker", "a striped red trainer", "red sneaker with stripes"):
        best = (images @ scorer.texts([query])[0]).topk(2).indices.tolist()
        found = {(shop[i].kind, shop[i].colour, shop[i].pattern) for i in best}
        assert found == {("sneaker", "red", "striped")}, query


def test_unseen_drawings_find_their_caption_among_all_products(scorer: Scorer) -> None:
    figures = {figure.name: figure.value for figure in measure(scorer, every=9, seeds=1)}
    assert figures["image to text R@1, seen combinations"] > 0.85
    assert figures["image to text R@1, held-out combinations"] > 0.65
    assert figures["text to image R@1, all products"] > 0.85
    assert figures["figure kind from image"] > 0.8


def test_a_plain_shape_is_told_by_its_colour(scorer: Scorer) -> None:
    names = ("red", "green", "blue", "yellow")
    pictures = [draw_shape("circle", name, seed=1_500_000) for name in names]
    scores = scorer.images(pictures) @ scorer.texts([f"a {name} circle" for name in names]).T
    assert scores.argmax(1).tolist() == [0, 1, 2, 3]


def test_a_fresh_process_gets_the_same_embedding(scorer: Scorer) -> None:
    text = describe("sneaker", "red", "striped")
    code = (
        "from ragsight.demo import demo_model_path; "
        "from tools.demo.training.measure import Scorer; "
        f"print(Scorer(demo_model_path()).texts([{text!r}])[0].tolist())"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    numbers = [float(each) for each in output.strip()[1:-1].split(",")]
    assert torch.allclose(torch.tensor(numbers), scorer.texts([text])[0], atol=1e-6)


def test_the_path_and_the_note_need_neither_torch_nor_transformers() -> None:
    code = "import sys, ragsight.demo; print('torch' in sys.modules, 'transformers' in sys.modules)"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert output.split() == ["False", "False"]
    assert "no photographs" in DEMO_MODEL_NOTE


def test_the_model_card_gives_figures_and_limits() -> None:
    card = (demo_model_path() / "README.md").read_text(encoding="utf-8")
    assert DEMO_MODEL_NOTE in card
    assert "held-out combinations | 0." in card
