"""A head start for the vision tower, which would otherwise need far more pictures.

A vision transformer learns from nothing slowly. Two things that any trained one ends up with
can be computed instead: filters that cover the patches evenly (here the whitened principal
components of the drawings' own patches) and places that know their neighbours (sines and
cosines, Vaswani et al. 2017, in two dimensions as in Beyer et al. 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from tools.demo.training.batches import normalised, resized, scaled
from tools.demo.training.checkpoint import PATCH, SIDE, WIDTH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transformers import CLIPModel

_EVERY_PICTURE = 8
_EVERY_PATCH = 4
_FILTER_SCALE = 0.7
_PLACE_SCALE = 0.5
_WAVELENGTHS = 100.0
# Components weaker than this one are noise, and aren't amplified to the strength of the others.
_FLOOR_COMPONENT = 64


def head_start(model: CLIPModel, pictures: NDArray[np.uint8]) -> None:
    """Set the patch filters and the place embeddings of a fresh model.

    Args:
        model: The model to change in place.
        pictures: The training pictures (n, side, side, 3).
    """
    embeddings = model.vision_model.embeddings
    with torch.no_grad():
        filters = patch_filters(resized(scaled(pictures[::_EVERY_PICTURE])))
        embeddings.patch_embedding.weight.copy_(filters * _FILTER_SCALE)
        embeddings.position_embedding.weight[1:].copy_(places() * _PLACE_SCALE)


def patch_filters(pixels: Tensor) -> Tensor:
    """Whitened principal components of the patches, mixed by a random rotation.

    Args:
        pixels: Pictures between 0 and 1, (n, 3, SIDE, SIDE).

    Returns:
        Filters (WIDTH, 3, PATCH, PATCH).
    """
    patches = functional.unfold(normalised(pixels), PATCH, stride=PATCH)
    rows = patches.transpose(1, 2).reshape(-1, 3 * PATCH**2)[::_EVERY_PATCH]
    strengths, components = torch.linalg.eigh(rows.T @ rows / len(rows))
    strengths, components = strengths.flip(0)[:WIDTH], components.flip(1)[:, :WIDTH]
    white = components / strengths.clamp(min=float(strengths[_FLOOR_COMPONENT])).sqrt()
    rotation, _ = torch.linalg.qr(torch.randn(WIDTH, WIDTH))
    filters: Tensor = rotation @ white.T
    return filters.view(WIDTH, 3, PATCH, PATCH)


def places() -> Tensor:
    """Sines and cosines of each patch's column and row, (patches, WIDTH)."""
    quarter, count = WIDTH // 4, SIDE // PATCH
    rates = _WAVELENGTHS ** -(torch.arange(quarter) / quarter)
    rows, columns = torch.meshgrid(torch.arange(count), torch.arange(count), indexing="ij")
    angles = [axis.reshape(-1, 1) * rates for axis in (columns, rows)]
    return torch.cat([wave(angle) for angle in angles for wave in (torch.sin, torch.cos)], dim=1)
