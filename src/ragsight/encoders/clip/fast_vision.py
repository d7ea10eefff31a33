"""The vision tower's forward pass with less work for the same result.

What is left out changes nothing: rescaling and normalisation are part of the patch layer, which is
one matrix product; queries, keys and values come from one product; where the class token is all
that counts, the last block computes that token alone. What remains runs in as few passes over
memory as it can: products add onto the residual in place, the hidden layer of all blocks shares
one buffer, and quick-GELU's factor is multiplied within the product:
`x * sigmoid(1.702 x) = silu(1.702 x) / 1.702`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from ragsight.encoders.clip.tower_weights import QUICK_GELU, Affine, Block, Mlp, Norm
from ragsight.encoders.clip.vision_weights import VisionTower, read_vision_tower
from ragsight.errors import EncoderError

AGREEMENT = {torch.float32: 0.999999, torch.bfloat16: 0.99, torch.float16: 0.999}
"""Least cosine between this forward pass and the model's own: what its rounding allows."""


def fast_vision_tower(
    model: Any, *, mean: Sequence[float], std: Sequence[float], rescale: float
) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """Make a model's image features in less time, exactly.

    The function is compared with the model on two generated images before it is handed out, so
    that a release of transformers that changes an architecture can't change results unseen. That
    costs one forward pass of each. The function keeps 10 MB of its own for ViT-B/32 and otherwise
    works on the model's weights, wherever they were when it was made.

    Args:
        model: A transformers model with `get_image_features`, in evaluation mode on its device.
        mean: Mean of each channel, as in the checkpoint's image processor.
        std: Standard deviation of each channel.
        rescale: What pixels from 0 to 255 are multiplied with before that, such as 1/255.

    Returns:
        A function from uint8 pixels `(images, height, width, 3)` on the model's device to features
        `(images, dimension)` in float32, not of length 1. None if the model isn't a CLIP,
        Chinese-CLIP or SigLIP model as transformers builds it, or the comparison fails.

    Example:
        >>> from ragsight.encoders.clip.checkpoint import DEMO_MODEL, Checkpoint
        >>> model = Checkpoint(DEMO_MODEL).load_model().eval()
        >>> embed = fast_vision_tower(model, mean=[0.5] * 3, std=[0.25] * 3, rescale=1 / 255)
        >>> embed(torch.zeros(2, 64, 64, 3, dtype=torch.uint8)).shape
        torch.Size([2, 96])
    """
    tower = read_vision_tower(model, mean=mean, std=std, rescale=rescale)
    if tower is None:
        return None
    embed = FastVisionTower(tower)
    pixels = _generated_pixels(tower.image_size).to(tower.patches.device)
    try:
        reference = reference_features(model, pixels, mean=mean, std=std, rescale=rescale)
        agrees = _agree(embed(pixels), reference, model.dtype)
    except RuntimeError:  # an operation that this device doesn't have
        return None
    return embed if agrees else None


class FastVisionTower:
    """A vision tower's forward pass from uint8 pixels; safe to call from several threads.

    Args:
        tower: The weights.

    Example:
        >>> from ragsight.encoders.clip.checkpoint import DEMO_MODEL, Checkpoint
        >>> model = Checkpoint(DEMO_MODEL).load_model().eval()
        >>> tower = read_vision_tower(model, mean=[0.5] * 3, std=[0.25] * 3, rescale=1 / 255)
        >>> FastVisionTower(tower)(torch.zeros(1, 64, 64, 3, dtype=torch.uint8)).dtype
        torch.float32
    """

    def __init__(self, tower: VisionTower) -> None:
        self._tower = tower
        self._dtype = tower.after.weight.dtype
        self._tokens, self._width = tower.positions.shape

    @torch.inference_mode()
    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """Image features in float32, not of length 1.

        Args:
            pixels: uint8, `(images, height, width, 3)`, on the weights' device.

        Raises:
            EncoderError: If the pixels aren't of the size that the model takes.
        """
        tower, count = self._tower, len(pixels)
        size = (tower.image_size, tower.image_size, 3)
        if pixels.dtype != torch.uint8 or pixels.shape[1:] != size:
            raise EncoderError(
                f"The pixels are {pixels.dtype} of shape {tuple(pixels.shape)}; this model takes "
                f"torch.uint8 of shape (images, {', '.join(map(str, size))})."
            )
        rows = self._embed(pixels)
        # One buffer for the widest layer of all blocks: fresh pages cost more than the activation.
        wide = max(len(block.mlp.inner.weight) for block in tower.blocks)
        scratch = rows.new_empty(len(rows) * max(wide, 3 * self._width))
        first_row_only = tower.probe is None
        for block in tower.blocks[:-1] if first_row_only else tower.blocks:
            self._attend(rows, block, scratch)
            self._add_mlp(rows, block.mlp, scratch)
        pooled = self._last_rows(rows, count) if first_row_only else self._probed(rows, count)
        if tower.projection is not None:
            pooled = F.linear(pooled, tower.projection)
        return pooled.float()

    def _embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Patches and positions: `(images * tokens, width)`."""
        tower, count = self._tower, len(pixels)
        grid, side = tower.grid, tower.patch
        # A convolution without padding never looks at what is left over at the far edges.
        pixels = pixels[:, : grid * side, : grid * side]
        cut = pixels.reshape(count, grid, side, grid, side, 3).transpose(2, 3)
        flat = torch.empty(cut.shape, dtype=torch.float32, device=pixels.device).copy_(cut)
        patches = (flat.view(count * grid * grid, -1) @ tower.patches.t()).view(
            count, grid * grid, -1
        )
        rows = patches.new_empty(count, self._tokens, self._width)
        classes = self._tokens - grid * grid
        rows[:, :classes] = tower.positions[:classes]
        torch.add(patches, tower.positions[classes:], out=rows[:, classes:])
        rows = rows.view(-1, self._width).to(self._dtype)
        return _normed(rows, tower.before) if tower.before is not None else rows

    def _attend(self, rows: torch.Tensor, block: Block, scratch: torch.Tensor) -> None:
        """Add a block's attention to its rows, in place."""
        wide = scratch[: rows.shape[0] * 3 * self._width].view(rows.shape[0], -1)
        torch.addmm(block.qkv.bias, _normed(rows, block.norm), block.qkv.weight.t(), out=wide)
        queries, keys, values = self._heads(wide, 3)
        mixed = F.scaled_dot_product_attention(queries, keys, values)
        _add_affine(rows, mixed.transpose(1, 2).reshape(rows.shape), block.out)

    def _last_rows(self, rows: torch.Tensor, count: int) -> torch.Tensor:
        """The last block for row 0 of each image, which looks at the keys of all of them."""
        block, width = self._tower.blocks[-1], self._width
        normed = _normed(rows, block.norm)
        keys, values = self._heads(
            F.linear(normed, block.qkv.weight[width:], block.qkv.bias[width:]), 2
        )
        first = normed.view(count, -1, width)[:, 0]
        query = F.linear(first, block.qkv.weight[:width], block.qkv.bias[:width])
        mixed = F.scaled_dot_product_attention(self._single_query(query), keys, values)
        result = rows.view(count, -1, width)[:, 0].clone()
        _add_affine(result, mixed.reshape(count, width), block.out)
        self._add_mlp(result, block.mlp, result.new_empty(count * len(block.mlp.inner.weight)))
        return _normed(result, self._tower.after)

    def _probed(self, rows: torch.Tensor, count: int) -> torch.Tensor:
        """SigLIP's pooling of all rows: `(images, width)`."""
        probe = self._tower.probe
        assert probe is not None
        normed = _normed(rows, self._tower.after)
        keys, values = self._heads(F.linear(normed, probe.kv.weight, probe.kv.bias), 2)
        query = self._single_query(probe.query.expand(count, -1))
        mixed = F.scaled_dot_product_attention(query, keys, values)
        result = F.linear(mixed.reshape(count, self._width), probe.out.weight, probe.out.bias)
        wide = result.new_empty(count * len(probe.mlp.inner.weight))
        self._add_mlp(result, probe.mlp, wide)
        return result

    def _add_mlp(self, rows: torch.Tensor, mlp: Mlp, scratch: torch.Tensor) -> None:
        """Add an MLP's result to its rows, in place."""
        hidden = len(mlp.inner.weight)
        wide = scratch[: rows.shape[0] * hidden].view(rows.shape[0], hidden)
        # float16 ends at 65504: there the factor stays out of the product.
        scaled = self._tower.activation == "quick_gelu" and self._dtype != torch.float16
        factor = QUICK_GELU if scaled else 1.0
        torch.addmm(
            mlp.inner.bias,
            _normed(rows, mlp.norm),
            mlp.inner.weight.t(),
            beta=factor,
            alpha=factor,
            out=wide,
        )
        _activate(wide, "silu" if scaled else self._tower.activation)
        _add_affine(rows, wide, mlp.outer, 1 / factor)

    def _heads(self, rows: torch.Tensor, parts: int) -> torch.Tensor:
        """Split rows of `parts * width` into parts and heads: `(parts, images, heads, ...)`."""
        heads = self._tower.heads
        return rows.view(-1, self._tokens, parts, heads, self._width // heads).permute(
            2, 0, 3, 1, 4
        )

    def _single_query(self, rows: torch.Tensor) -> torch.Tensor:
        heads = self._tower.heads
        return rows.reshape(len(rows), heads, 1, self._width // heads)


def _normed(rows: torch.Tensor, norm: Norm) -> torch.Tensor:
    return F.layer_norm(rows, norm.weight.shape, norm.weight, norm.bias, norm.eps)


def _add_affine(
    rows: torch.Tensor, inputs: torch.Tensor, layer: Affine, factor: float = 1.0
) -> None:
    rows.add_(layer.bias).addmm_(inputs, layer.weight.t(), alpha=factor)


def _activate(values: torch.Tensor, activation: str) -> None:
    if activation == "silu":
        F.silu(values, inplace=True)
    elif activation == "quick_gelu":
        values.mul_(torch.sigmoid(QUICK_GELU * values))
    else:
        approximate = "tanh" if activation == "gelu_tanh" else "none"
        torch.ops.aten.gelu_(values, approximate=approximate)


def _generated_pixels(size: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    shape = (2, size, size, 3)
    return torch.randint(0, 256, shape, generator=random).to(torch.uint8)


def reference_features(
    model: Any,
    pixels: torch.Tensor,
    *,
    mean: Sequence[float],
    std: Sequence[float],
    rescale: float,
) -> torch.Tensor:
    """Image features of uint8 pixels `(images, height, width, 3)`, by the model itself."""
    shift, spread = (torch.tensor(values, device=pixels.device) for values in (mean, std))
    values = ((pixels.float() * rescale - shift) / spread).permute(0, 3, 1, 2)
    with torch.inference_mode():
        output = model.get_image_features(pixel_values=values.to(model.dtype))
    features: torch.Tensor = getattr(output, "pooler_output", output)
    return features


def _agree(ours: torch.Tensor, theirs: torch.Tensor, dtype: torch.dtype) -> bool:
    cosines = F.cosine_similarity(ours.double().cpu(), theirs.double().cpu())
    # Values that aren't finite agree with nothing, and are left for the model itself to report.
    return bool((cosines >= AGREEMENT[dtype]).all())
