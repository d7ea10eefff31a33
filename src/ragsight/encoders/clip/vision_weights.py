"""Read the weights of a vision tower whose architecture is known exactly; refuse any other.

The known ones are the vision towers of CLIP, Chinese-CLIP and SigLIP as transformers builds them:
square patches, learned positions, pre-norm transformer blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from ragsight.encoders.clip.tower_weights import (
    Affine,
    Block,
    Mlp,
    Norm,
    UnknownArchitectureError,
    Weights,
    demand,
    is_plain,
    read_activation,
    read_affine,
    read_block,
    read_mlp,
    read_norm,
    read_projection,
    read_same,
)

_PARTS = {
    "CLIPModel": (
        *("CLIPVisionModel", "CLIPVisionTransformer", "CLIPVisionEmbeddings", "CLIPEncoder"),
        *("CLIPEncoderLayer", "CLIPAttention", "CLIPMLP"),
    ),
    "ChineseCLIPModel": (
        *("ChineseCLIPVisionModel", "ChineseCLIPVisionTransformer", "ChineseCLIPVisionEmbeddings"),
        *("ChineseCLIPVisionEncoder", "ChineseCLIPVisionLayer", "ChineseCLIPVisionAttention"),
        "ChineseCLIPVisionMLP",
    ),
    "SiglipModel": (
        *("SiglipVisionModel", "SiglipVisionTransformer", "SiglipVisionEmbeddings"),
        *("SiglipEncoder", "SiglipEncoderLayer", "SiglipAttention", "SiglipMLP"),
        *("SiglipMultiheadAttentionPoolingHead", "MultiheadAttention"),
        "NonDynamicallyQuantizableLinear",
    ),
}


@dataclass(frozen=True, slots=True)
class Probe:
    """SigLIP's pooling: one learned query, `(dimension,)` once projected, looks at all tokens."""

    query: Weights
    kv: Affine
    out: Affine
    mlp: Mlp


@dataclass(frozen=True, slots=True)
class VisionTower:
    """A vision tower that takes pixels from 0 to 255: rescaling and normalisation are folded in.

    Attributes:
        image_size: Height and width of an image in pixels.
        patch: Side of a patch in pixels.
        heads: Attention heads of every block.
        activation: One of the values of `ACTIVATIONS`.
        patches: `(width, patch * patch * 3)` in float32, columns in the order of NHWC pixels.
        positions: `(tokens, width)` in float32: positions with the patch layer's bias, and the
            class token in row 0 where there is one.
        before: Norm before the first block, where there is one.
        blocks: The blocks, first to last.
        after: Norm after the last block.
        probe: SigLIP's pooling; None where row 0 is what counts.
        projection: `(dimension, width)`, where there is one.
    """

    image_size: int
    patch: int
    heads: int
    activation: str
    patches: Weights
    positions: Weights
    before: Norm | None
    blocks: tuple[Block, ...]
    after: Norm
    probe: Probe | None
    projection: Weights | None

    @property
    def grid(self) -> int:
        """Patches along a side."""
        return self.image_size // self.patch


def read_vision_tower(
    model: Any, *, mean: Sequence[float], std: Sequence[float], rescale: float
) -> VisionTower | None:
    """Read the vision tower of a loaded model.

    The model's weights for queries, keys and values become views of one tensor each, so that
    nothing is kept twice. On top come the patch layer in float32 and the positions: 10 MB for
    ViT-B/32.

    Args:
        model: A transformers model with `get_image_features`.
        mean: Mean of each channel, as in the checkpoint's image processor.
        std: Standard deviation of each channel.
        rescale: What pixels from 0 to 255 are multiplied with before that.

    Returns:
        The tower, or None if the architecture isn't one that is known exactly.
    """
    parts = _PARTS.get(type(model).__name__)
    if parts is None or not is_plain(model, model.vision_model, parts):
        return None
    try:
        with torch.inference_mode(False), torch.no_grad():
            return _read(model, _Normalisation(mean, std, rescale))
    except (AttributeError, UnknownArchitectureError):
        return None


@dataclass(frozen=True, slots=True)
class _Normalisation:
    mean: Sequence[float]
    std: Sequence[float]
    rescale: float


def _read(model: Any, normalisation: _Normalisation) -> VisionTower:
    vision = model.vision_model
    layers = list(vision.encoder.layers)
    head = getattr(vision, "head", None)
    has_class = hasattr(vision.embeddings, "class_embedding")
    # Exactly one of them says which token is the image.
    demand(has_class != (head is not None))
    patches, positions = _read_patches(vision.embeddings, normalisation)
    return VisionTower(
        image_size=int(vision.embeddings.image_size),
        patch=int(vision.embeddings.patch_size),
        heads=int(read_same(layer.self_attn.num_heads for layer in layers)),
        activation=read_activation(layer.mlp.activation_fn for layer in layers),
        patches=patches,
        positions=positions,
        before=read_norm(vision.pre_layrnorm) if has_class else None,
        blocks=tuple(read_block(layer) for layer in layers),
        after=read_norm(vision.post_layernorm),
        probe=_read_probe(head) if head is not None else None,
        projection=read_projection(model, "visual_projection"),
    )


def _read_patches(embeddings: Any, normalisation: _Normalisation) -> tuple[Weights, Weights]:
    layer, side = embeddings.patch_embedding, int(embeddings.patch_size)
    demand(layer.kernel_size == layer.stride == (side, side) and layer.groups == 1)
    demand(layer.padding in {(0, 0), "valid"} and layer.dilation == (1, 1))
    demand(layer.in_channels == len(normalisation.mean) == len(normalisation.std) == 3)
    # In float64, since the shift is a sum over thousands of weights.
    weight = layer.weight.detach().double()
    mean, std = (
        torch.tensor(values, dtype=torch.float64, device=weight.device)
        for values in (normalisation.mean, normalisation.std)
    )
    rows = weight * (normalisation.rescale / std)[:, None, None]
    bias = -(weight.sum((2, 3)) * (mean / std)).sum(1)
    if layer.bias is not None:
        bias += layer.bias.detach()
    return rows.permute(0, 2, 3, 1).flatten(1).float(), _read_positions(embeddings, bias).float()


def _read_positions(embeddings: Any, bias: Weights) -> Weights:
    positions: Weights = embeddings.position_embedding.weight.detach().double()
    grid = int(embeddings.image_size) // int(embeddings.patch_size)
    if not hasattr(embeddings, "class_embedding"):
        demand(len(positions) == grid * grid)
        return positions + bias
    demand(len(positions) == grid * grid + 1)
    first = positions[:1] + embeddings.class_embedding.detach()
    return torch.cat([first, positions[1:] + bias])


def _read_probe(head: Any) -> Probe:
    attention = head.attention
    width = attention.embed_dim
    demand(attention.in_proj_weight is not None and attention.in_proj_bias is not None)
    demand(attention.bias_k is None and not attention.add_zero_attn)
    weight, bias = attention.in_proj_weight.detach(), attention.in_proj_bias.detach()
    return Probe(
        query=F.linear(head.probe.detach().view(width), weight[:width], bias[:width]),
        kv=Affine(weight[width:], bias[width:]),
        out=read_affine(attention.out_proj),
        mlp=read_mlp(head.layernorm, head.mlp),
    )
