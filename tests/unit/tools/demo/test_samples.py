from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from tools.demo.training.captions import caption, describe, near_miss, with_article
from tools.demo.training.samples import Sample, combinations, is_held_out, training_samples

from ragsight.demo.drawing import PRODUCT_KINDS
from ragsight.demo.palette import COLOURS, PATTERNS
from ragsight.demo.seeds import CATALOGUE, MEASURING, TRAINING


def test_training_never_draws_a_held_out_product_nor_a_seed_of_another_use() -> None:
    for sample in training_samples(products=2, shapes=1, figures=2):
        assert sample.seed in TRAINING
        if sample.kind in PRODUCT_KINDS:
            assert not is_held_out(sample.kind, sample.colour or "", sample.pattern or "")


def test_seeds_for_training_measuring_and_the_shop_are_disjoint() -> None:
    ranges = sorted((TRAINING, MEASURING, CATALOGUE), key=lambda seeds: seeds.start)
    assert all(a.stop <= b.start for a, b in pairwise(ranges))


def test_a_seventh_of_all_products_is_held_out_from_every_kind_colour_and_pattern() -> None:
    held = combinations(held_out=True)
    assert len(held) == len(combinations(held_out=False)) / 6
    assert {each[0] for each in held} == set(PRODUCT_KINDS)
    assert {each[1] for each in held} == set(COLOURS)
    assert {each[2] for each in held} == set(PATTERNS)


def test_a_caption_is_true_of_its_picture() -> None:
    rng = Random(1)
    samples = [*training_samples(products=1, shapes=1, figures=1)]
    for sample in rng.sample(samples, 200):
        assert caption(sample, rng).fits(sample)


def test_no_caption_not_even_a_wrong_one_speaks_of_a_held_out_product() -> None:
    rng = Random(2)
    sample = Sample("sneaker", "red", "striped", 0)
    held = [frozenset(each) for each in combinations(held_out=True)]
    for _ in range(2000):
        assert near_miss(sample, rng).tags not in held


def test_a_near_miss_is_wrong_in_one_word_only() -> None:
    rng = Random(3)
    sample = Sample("sneaker", "red", "striped", 0)
    misses = [near_miss(sample, rng) for _ in range(200)]
    full = [miss for miss in misses if len(miss.tags) == 3]
    assert len(full) > 100
    assert all(len(miss.tags & sample.tags) == 2 for miss in full)


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("orange cap", "an orange cap"),
        ("umbrella", "an umbrella"),
        ("used car", "a used car"),
        ("red mug", "a red mug"),
    ],
)
def test_the_article_fits_the_next_word(phrase: str, expected: str) -> None:
    assert with_article(phrase) == expected


def test_the_plain_description_names_colour_pattern_and_kind() -> None:
    assert describe("sneaker", "red", "striped") == "a photo of a red striped sneaker"
