"""Batches of pictures and captions for training, and the light augmentation."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from ragsight.demo.drawing import FIGURE_KINDS, PRODUCT_KINDS, SHAPE_KINDS
from ragsight.demo.palette import COLOURS, PATTERNS
from tools.demo.training.captions import Caption, caption, near_miss
from tools.demo.training.checkpoint import MEAN, SIDE, STD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transformers import CLIPTokenizer

    from tools.demo.training.samples import Sample

KINDS: tuple[str, ...] = (*PRODUCT_KINDS, *SHAPE_KINDS, *FIGURE_KINDS)
# What cross_entropy skips: figures have no colour and no pattern.
NO_LABEL = -100
_CROPS = 4


@dataclass(frozen=True)
class Batch:
    """Inputs of one training step.

    Attributes:
        pixels: Normalised pictures (pictures, 3, SIDE, SIDE).
        tokens: Input ids and attention mask (captions, length): the true captions in the order
            of the pictures, then near misses.
        unknown: Which (picture, caption) pairs count neither as right nor as wrong.
        labels: Kind, colour and pattern numbers (pictures, 3).
    """

    pixels: Tensor
    tokens: dict[str, Tensor]
    unknown: Tensor
    labels: Tensor


class Batches:
    """Draws batches from a pool of pictures, every picture once a round.

    Example:
        >>> from tools.demo.training.pool import render
        >>> from tools.demo.training.samples import Sample
        >>> from transformers import CLIPTokenizer
        >>> from ragsight.demo import demo_model_path
        >>> samples = [Sample("mug", "red", "plain", seed) for seed in range(4)]
        >>> tokenizer = CLIPTokenizer.from_pretrained(demo_model_path())
        >>> batches = Batches(samples, render(samples, workers=1), tokenizer, Random(1))
        >>> batches.draw(2).pixels.shape
        torch.Size([2, 3, 64, 64])
    """

    def __init__(
        self,
        samples: list[Sample],
        pictures: NDArray[np.uint8],
        tokenizer: CLIPTokenizer,
        rng: Random,
    ) -> None:
        self._samples, self._pictures = samples, pictures
        self._tokenizer, self._rng = tokenizer, rng
        self._order: list[int] = []

    def draw(self, size: int) -> Batch:
        """The next `size` pictures with newly worded captions."""
        if len(self._order) < size:
            self._order = self._rng.sample(range(len(self._samples)), len(self._samples))
        chosen = [self._order.pop() for _ in range(size)]
        samples = [self._samples[i] for i in chosen]
        captions = [caption(sample, self._rng) for sample in samples]
        captions += [near_miss(sample, self._rng) for sample in samples]
        texts = [each.text for each in captions]
        tokens = self._tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        return Batch(
            pixels=augment(scaled(self._pictures[chosen]), self._rng),
            tokens=dict(tokens),
            unknown=also_true(samples, captions),
            labels=torch.tensor([labels_of(sample) for sample in samples]),
        )


def scaled(pictures: NDArray[np.uint8]) -> Tensor:
    """Pictures (n, height, width, 3) as a tensor (n, 3, height, width) between 0 and 1."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255


def normalised(pixels: Tensor) -> Tensor:
    """Subtract the mean and divide by the deviation, as the CLIP processor does."""
    return (pixels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def resized(pixels: Tensor) -> Tensor:
    """Resize square pictures to the model's side."""
    return functional.interpolate(
        pixels, (SIDE, SIDE), mode="bicubic", antialias=True, align_corners=False
    )


def augment(pixels: Tensor, rng: Random) -> Tensor:
    """Crop, brighten and normalise a batch to the model's input.

    Args:
        pixels: Pictures between 0 and 1, (pictures, 3, side, side).
        rng: Source of the crops; a quarter of the batch shares one.

    Returns:
        Normalised pictures, (pictures, 3, SIDE, SIDE).
    """
    side = pixels.shape[-1]
    parts: list[Tensor] = []
    for part in pixels.chunk(_CROPS):
        window = rng.randint(round(side * 0.86), side)
        top, left = rng.randint(0, side - window), rng.randint(0, side - window)
        parts.append(resized(part[:, :, top : top + window, left : left + window]))
    joined = torch.cat(parts)
    bright = 1 + 0.08 * (2 * torch.rand(len(joined), 1, 1, 1) - 1)
    return normalised((joined * bright).clamp(0, 1) + 0.01 * torch.randn_like(joined))


def also_true(samples: list[Sample], captions: list[Caption]) -> Tensor:
    """Mark captions that happen to be true of other pictures too.

    Args:
        samples: The pictures.
        captions: First one caption for each picture, in order, then any others.

    Returns:
        A boolean matrix (pictures, captions). Marked pairs are neither right nor wrong: "a red
        thing" written for a mug must not be pushed away from a red sneaker.
    """
    tags = [sample.tags for sample in samples]
    fits = torch.tensor([[each.tags <= known for each in captions] for known in tags])
    return fits.fill_diagonal_(fill_value=False)


def labels_of(sample: Sample) -> tuple[int, int, int]:
    """The numbers of a sample's kind, colour and pattern."""
    return (
        KINDS.index(sample.kind),
        COLOURS.index(sample.colour) if sample.colour is not None else NO_LABEL,
        PATTERNS.index(sample.pattern) if sample.pattern is not None else NO_LABEL,
    )
