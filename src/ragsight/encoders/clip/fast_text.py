"""CLIP's text tower with less work for the same result.

The tower is causal and a text is the row of its end token, so that what fills up the shorter texts
of a batch after it can't change it: no mask is needed. Queries, keys and values come from one
product, and in the last block only the rows of the end tokens are computed. On CPUs the weights
are laid out column by column. A query of ten tokens is a product of few rows, for which BLAS
would otherwise turn all weights around, each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from ragsight.encoders.clip.text_weights import TextTower, read_text_tower
from ragsight.encoders.clip.tower_weights import QUICK_GELU, Affine, Block, Mlp, Norm

_AGREEMENT = 0.999999
"""Least cosine between this forward pass and the model's own in float32."""


def fast_text_tower(model: Any) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """Make a CLIP model's text features in less time.

    The function is compared with the model on two generated texts before it is handed out, so
    that a release of transformers that changes the architecture can't change results unseen.

    Args:
        model: A transformers model in float32 and evaluation mode, on its device. It goes on
            giving the same features; the layout of its weights may change.

    Returns:
        A function from token ids `(texts, length)` on the model's device to features
        `(texts, dimension)`, not of length 1. None if the model isn't a CLIP model as transformers
        builds it, or the comparison fails.

    Example:
        >>> from ragsight.encoders.clip.checkpoint import DEMO_MODEL, Checkpoint
        >>> embed = fast_text_tower(Checkpoint(DEMO_MODEL).load_model().eval())
        >>> embed(torch.tensor([[1598, 7, 1599]])).shape
        torch.Size([1, 96])
    """
    tower = read_text_tower(model) if model.dtype == torch.float32 else None
    if tower is None or not (tower.causal and tower.norm_first and tower.before is None):
        return None
    if tower.words.device.type == "cpu":
        tower = _by_column(model, tower)
    embed = FastTextTower(tower)
    ids = _generated_ids(tower).to(tower.words.device)
    try:
        with torch.inference_mode():
            output = model.get_text_features(input_ids=ids)
            theirs = getattr(output, "pooler_output", output)
            cosines = F.cosine_similarity(embed(ids).double().cpu(), theirs.double().cpu())
    except RuntimeError:  # an operation that this device doesn't have
        return None
    return embed if bool((cosines >= _AGREEMENT).all()) else None


class FastTextTower:
    """The forward pass of a causal text tower; safe to call from several threads.

    Args:
        tower: The weights.

    Example:
        >>> from ragsight.encoders.clip.checkpoint import DEMO_MODEL, Checkpoint
        >>> tower = read_text_tower(Checkpoint(DEMO_MODEL).load_model().eval())
        >>> FastTextTower(tower)(torch.tensor([[1598, 7, 1599]])).dtype
        torch.float32
    """

    def __init__(self, tower: TextTower) -> None:
        self._tower = tower
        self._width = tower.words.shape[1]

    @torch.inference_mode()
    def __call__(self, ids: torch.Tensor) -> torch.Tensor:
        """Text features, not of length 1, of token ids `(texts, length)`."""
        tower = self._tower
        rows = F.embedding(ids, tower.words) + tower.positions[: ids.shape[1]]
        for block in tower.blocks[:-1]:
            queries, keys, values = self._heads(_linear(_normed(rows, block.norm), block.qkv), 3)
            mixed = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
            rows = rows + _linear(mixed.transpose(1, 2).reshape(rows.shape), block.out)
            rows = rows + self._mlp(rows, block.mlp)
        pooled = self._last_block(rows, self._ends(ids), tower.blocks[-1])
        if tower.after is not None:
            pooled = _normed(pooled, tower.after)
        if tower.projection is not None:
            pooled = F.linear(pooled, tower.projection, tower.bias)
        return pooled

    def _ends(self, ids: torch.Tensor) -> torch.Tensor:
        """Where each text ends, `(texts,)`."""
        ends = ids if self._tower.pooled == "highest" else (ids == self._tower.end).int()
        return ends.argmax(dim=1)

    def _last_block(self, rows: torch.Tensor, ends: torch.Tensor, block: Block) -> torch.Tensor:
        """The last block for one row of each text, which looks at the keys up to its own."""
        texts, length, width = rows.shape
        normed = _normed(rows, block.norm)
        weight, bias = block.qkv.weight, block.qkv.bias
        keys, values = self._heads(F.linear(normed, weight[width:], bias[width:]), 2)
        each = torch.arange(texts, device=rows.device)
        query = F.linear(normed[each, ends], weight[:width], bias[:width])
        query = query.view(texts, self._tower.heads, 1, -1)
        seen = torch.arange(length, device=rows.device) <= ends[:, None]
        mixed = F.scaled_dot_product_attention(query, keys, values, attn_mask=seen[:, None, None])
        result = rows[each, ends] + _linear(mixed.reshape(texts, width), block.out)
        return result + self._mlp(result, block.mlp)

    def _mlp(self, rows: torch.Tensor, mlp: Mlp) -> torch.Tensor:
        hidden = _linear(_normed(rows, mlp.norm), mlp.inner)
        return _linear(_activated(hidden, self._tower.activation), mlp.outer)

    def _heads(self, rows: torch.Tensor, parts: int) -> torch.Tensor:
        """Split rows of `parts * width` into parts and heads: `(parts, texts, heads, ...)`."""
        texts, length, _ = rows.shape
        return rows.view(texts, length, parts, self._tower.heads, -1).permute(2, 0, 3, 1, 4)


def _linear(rows: torch.Tensor, layer: Affine) -> torch.Tensor:
    return F.linear(rows, layer.weight, layer.bias)


def _normed(rows: torch.Tensor, norm: Norm) -> torch.Tensor:
    return F.layer_norm(rows, norm.weight.shape, norm.weight, norm.bias, norm.eps)


def _activated(values: torch.Tensor, activation: str) -> torch.Tensor:
    if activation == "quick_gelu":
        return values * torch.sigmoid(QUICK_GELU * values)
    return F.gelu(values, approximate="tanh" if activation == "gelu_tanh" else "none")


def _by_column(model: Any, tower: TextTower) -> TextTower:
    """Lay the weights of the blocks out by column, in the model too: nothing is kept twice."""
    blocks = []
    for layer, block in zip(model.text_model.encoder.layers, tower.blocks, strict=True):
        attention = layer.self_attn
        mlp = Mlp(
            block.mlp.norm,
            _turned(block.mlp.inner, layer.mlp.fc1),
            _turned(block.mlp.outer, layer.mlp.fc2),
        )
        qkv = _turned(block.qkv, attention.q_proj, attention.k_proj, attention.v_proj)
        blocks.append(Block(block.norm, qkv, _turned(block.out, attention.out_proj), mlp))
    return replace(tower, blocks=tuple(blocks))


def _turned(layer: Affine, *modules: Any) -> Affine:
    weight = layer.weight.t().contiguous().t()
    start = 0
    for module in modules:
        module.weight.data = weight[start : start + module.out_features]
        start += module.out_features
    return Affine(weight, layer.bias)


def _generated_ids(tower: TextTower) -> torch.Tensor:
    """Two texts, one of which is filled up with end tokens."""
    random = torch.Generator().manual_seed(0)
    vocabulary, length = len(tower.words), min(6, len(tower.positions))
    end = vocabulary - 1 if tower.pooled == "highest" else tower.end
    ids = torch.randint(0, max(1, vocabulary - 2), (2, length), generator=random)
    ids[0, -1] = end
    ids[1, length // 2 :] = end
    return ids
