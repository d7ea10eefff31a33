"""Measures the demo checkpoint on drawings it has never seen.

Run `python -m tools.demo.training.measure` for a table, with `--card` to write the figures into the
checkpoint's README.md as well.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn import functional
from transformers import CLIPModel, CLIPProcessor

from ragsight.demo import demo_model_path
from ragsight.demo.drawing import FIGURE_KINDS, SHAPE_KINDS
from ragsight.demo.palette import COLOURS, PATTERNS
from ragsight.demo.seeds import MEASURING
from tools.demo.training.captions import describe, with_article
from tools.demo.training.card import write_card
from tools.demo.training.samples import Sample, combinations, draw_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

_BATCH = 64
# Settings were chosen by looking at the first hundred seeds; these were looked at only once.
_SEEDS = MEASURING[100:]
_UNKNOWN = ("dog", "car", "house", "person", "tree", "mountain", "airplane", "pizza", "bicycle")


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        name: What was measured.
        value: A share between 0 and 1, or a cosine.
        count: Number of queries behind it.
        candidates: Number of answers to choose from; 0 for a mean.
    """

    name: str
    value: float
    count: int
    candidates: int


class Scorer:
    """A checkpoint as transformers loads it, giving normalised embeddings.

    Example:
        >>> from ragsight.demo.drawing import draw_product
        >>> scorer = Scorer(demo_model_path())
        >>> texts = scorer.texts(["a red mug", "a blue boot"])
        >>> pictures = scorer.images([draw_product("boot", "blue", seed=1_000_003)])
        >>> (texts @ pictures.T).argmax().item()
        1
    """

    def __init__(self, folder: Path) -> None:
        self._model = CLIPModel.from_pretrained(folder)
        self._processor = CLIPProcessor.from_pretrained(folder)

    def images(self, pictures: Sequence[Image.Image]) -> Tensor:
        """Embeddings (pictures, dimension)."""
        parts: list[Tensor] = []
        for start in range(0, len(pictures), _BATCH):
            some = list(pictures[start : start + _BATCH])
            pixels = self._processor(images=some, return_tensors="pt")
            with torch.no_grad():
                parts.append(_features(self._model.get_image_features(**pixels)))
        return functional.normalize(torch.cat(parts))

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Embeddings (texts, dimension)."""
        tokens = self._processor(
            text=list(texts), padding=True, truncation=True, return_tensors="pt"
        )
        with torch.no_grad():
            return functional.normalize(_features(self._model.get_text_features(**tokens)))


def measure(scorer: Scorer, *, every: int = 1, seeds: int = 2) -> list[Figure]:
    """Recall at 1 on unseen seeds, over all products at once.

    Args:
        scorer: The checkpoint.
        every: Draw only each so-manieth product; all remain candidates as texts.
        seeds: Pictures of each product and figure.

    Returns:
        The figures, the main ones first.
    """
    seen, held = combinations(held_out=False), combinations(held_out=True)
    texts = scorer.texts([describe(*each) for each in (*seen, *held)])
    figures: list[Figure] = []
    for name, products, place in (("seen", seen, 0), ("held-out", held, len(seen))):
        some = products[::every]
        samples = [Sample(*each, seed) for seed in _SEEDS[:seeds] for each in some]
        images = scorer.images([draw_sample(sample) for sample in samples])
        right = (torch.arange(len(products))[::every] + place).repeat(seeds)
        hits = (images @ texts.T).argmax(1) == right
        figures.append(_share(f"image to text R@1, {name} combinations", hits, len(texts)))
    gallery = [Sample(*each, _SEEDS[-1]) for each in (*seen, *held)]
    images = scorer.images([draw_sample(sample) for sample in gallery[::every]])
    hits = (texts[::every] @ images.T).argmax(1) == torch.arange(len(images))
    figures.append(_share("text to image R@1, all products", hits, len(images)))
    figures.append(_shapes(scorer, every))
    figures.extend(_figures(scorer, seeds * 10))
    return [*figures, *_certainty(scorer, texts[::every], images)]


def _shapes(scorer: Scorer, every: int) -> Figure:
    kinds = [kind for kind in SHAPE_KINDS if kind != "swatch"]
    looks = [(k, c, p) for k in kinds for c in COLOURS for p in PATTERNS]
    texts = scorer.texts([describe(*look) for look in looks])
    images = scorer.images([draw_sample(Sample(*look, _SEEDS[0])) for look in looks[::every]])
    hits = (images @ texts.T).argmax(1) == torch.arange(len(looks))[::every]
    return _share("image to text R@1, shapes", hits, len(looks))


def _figures(scorer: Scorer, seeds: int) -> list[Figure]:
    texts = scorer.texts([f"a picture of {with_article(kind)}" for kind in FIGURE_KINDS])
    samples = [Sample(kind, None, None, s) for kind in FIGURE_KINDS for s in _SEEDS[:seeds]]
    images = scorer.images([draw_sample(sample) for sample in samples])
    hits = (images @ texts.T).argmax(1) == torch.arange(len(FIGURE_KINDS)).repeat_interleave(seeds)
    total = _share("figure kind from image", hits, len(FIGURE_KINDS))
    each = hits.view(len(FIGURE_KINDS), seeds)
    parts = zip(FIGURE_KINDS, each, strict=True)
    return [total, *(_share(f"  {kind}", part, len(FIGURE_KINDS)) for kind, part in parts)]


def _certainty(scorer: Scorer, texts: Tensor, images: Tensor) -> list[Figure]:
    """Cosines of true pairs, and of the best match for words that no drawing fits."""
    words = scorer.texts([f"a photo of {with_article(word)}" for word in _UNKNOWN])
    best = (words @ images.T).max(1).values
    true = (texts * images).sum(1)
    return [
        Figure("mean cosine of true pairs", true.mean().item(), len(true), 0),
        Figure("mean best cosine for unknown words (a dog, a car)", best.mean().item(), 9, 0),
    ]


def _share(name: str, hits: Tensor, candidates: int) -> Figure:
    return Figure(name, hits.float().mean().item(), len(hits), candidates)


def _features(output: object) -> Tensor:
    """The tensor that transformers 4 gives and transformers 5 wraps in an output object."""
    pooled = getattr(output, "pooler_output", output)
    if not isinstance(pooled, Tensor):
        raise TypeError(f"Expected features from the model, not {type(pooled).__name__}.")
    return pooled


def main() -> None:
    """Measure a checkpoint and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=demo_model_path())
    parser.add_argument("--card", action="store_true", help="write README.md beside the model")
    arguments = parser.parse_args()
    figures = measure(Scorer(arguments.model))
    table = Table("measured", "value", "queries", "candidates")
    for each in figures:
        table.add_row(each.name, f"{each.value:.3f}", str(each.count), str(each.candidates or ""))
    Console().print(table)
    if arguments.card:
        rows = [(each.name, each.value, each.count, each.candidates) for each in figures]
        write_card(arguments.model, rows)


if __name__ == "__main__":
    main()
