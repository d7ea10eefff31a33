"""Read the weights of a text tower whose architecture is known exactly; refuse any other.

CLIP's is causal and takes the row of the end token; SigLIP's looks both ways and takes the last
row; Chinese-CLIP's is a BERT, with its norms after the sums, and takes the first row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch

from ragsight.encoders.clip.tower_weights import (
    Block,
    Mlp,
    Norm,
    UnknownArchitectureError,
    Weights,
    demand,
    fuse,
    is_plain,
    read_activation,
    read_affine,
    read_block,
    read_norm,
    read_projection,
    read_same,
)

LEGACY_END = 2
"""End token of old CLIP configurations, which is wrong: their end token is the highest id."""


@dataclass(frozen=True, slots=True)
class TextTower:
    """A text tower.

    Attributes:
        heads: Attention heads of every block.
        activation: One of the values of `ACTIVATIONS`.
        causal: Whether a token sees only those before it.
        norm_first: Whether a block's norms come before its sums.
        pooled: Which row is the text: the first, the last, the first `end` token, or the first one
            with the highest id.
        end: Id of the end token.
        words: `(vocabulary, width)`.
        positions: `(context length, width)`.
        before: Norm before the first block, where there is one.
        blocks: The blocks, first to last.
        after: Norm after the last block, where there is one.
        projection: `(dimension, width)`, where there is one.
        bias: The projection's, where it has one.
    """

    heads: int
    activation: str
    causal: bool
    norm_first: bool
    pooled: Literal["first", "last", "end", "highest"]
    end: int
    words: Weights
    positions: Weights
    before: Norm | None
    blocks: tuple[Block, ...]
    after: Norm | None
    projection: Weights | None
    bias: Weights | None = None


def read_text_tower(model: Any) -> TextTower | None:
    """Read the text tower of a loaded model, without keeping any weights twice.

    Args:
        model: A transformers model with `get_text_features`.

    Returns:
        The tower, or None if the architecture isn't one that is known exactly.
    """
    family = _FAMILIES.get(type(model).__name__)
    if family is None or not is_plain(model, model.text_model, family.parts):
        return None
    try:
        with torch.inference_mode(False), torch.no_grad():
            return family.read(model)
    except (AttributeError, UnknownArchitectureError):
        return None


def _read_clip(model: Any) -> TextTower:
    text = model.text_model
    layers = list(text.encoder.layers)
    end = int(text.eos_token_id)
    return TextTower(
        heads=int(read_same(layer.self_attn.num_heads for layer in layers)),
        activation=read_activation(layer.mlp.activation_fn for layer in layers),
        causal=True,
        norm_first=True,
        pooled="highest" if end == LEGACY_END else "end",
        end=end,
        words=text.embeddings.token_embedding.weight.detach(),
        positions=text.embeddings.position_embedding.weight.detach(),
        before=None,
        blocks=tuple(read_block(layer) for layer in layers),
        after=read_norm(text.final_layer_norm),
        projection=read_projection(model, "text_projection"),
    )


def _read_siglip(model: Any) -> TextTower:
    text = model.text_model
    layers = list(text.encoder.layers)
    head = read_affine(text.head)
    return TextTower(
        heads=int(read_same(layer.self_attn.num_heads for layer in layers)),
        activation=read_activation(layer.mlp.activation_fn for layer in layers),
        causal=False,
        norm_first=True,
        pooled="last",
        end=-1,
        words=text.embeddings.token_embedding.weight.detach(),
        positions=text.embeddings.position_embedding.weight.detach(),
        before=None,
        blocks=tuple(read_block(layer) for layer in layers),
        after=read_norm(text.final_layer_norm),
        projection=head.weight,
        bias=head.bias,
    )


def _read_chinese(model: Any) -> TextTower:
    text = model.text_model
    layers = list(text.encoder.layer)
    embeddings = text.embeddings
    # Every token is of type 0: a text is one sentence here.
    types = embeddings.token_type_embeddings.weight.detach()[0]
    return TextTower(
        heads=int(read_same(layer.attention.self.num_attention_heads for layer in layers)),
        activation=read_activation(layer.intermediate.intermediate_act_fn for layer in layers),
        causal=False,
        norm_first=False,
        pooled="first",
        end=-1,
        words=embeddings.word_embeddings.weight.detach(),
        positions=embeddings.position_embeddings.weight.detach() + types,
        before=read_norm(embeddings.LayerNorm),
        blocks=tuple(_read_bert_block(layer) for layer in layers),
        after=None,
        projection=read_projection(model, "text_projection"),
    )


def _read_bert_block(layer: Any) -> Block:
    attention, result = layer.attention.self, layer.attention.output
    size = attention.attention_head_size
    demand(attention.num_attention_heads * size == attention.query.in_features)
    demand(abs(attention.scaling - size**-0.5) < 1e-9)
    return Block(
        norm=read_norm(result.LayerNorm),
        qkv=fuse(attention.query, attention.key, attention.value),
        out=read_affine(result.dense),
        mlp=Mlp(
            norm=read_norm(layer.output.LayerNorm),
            inner=read_affine(layer.intermediate.dense),
            outer=read_affine(layer.output.dense),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Family:
    parts: tuple[str, ...]
    read: Callable[[Any], TextTower]


_FAMILIES = {
    "CLIPModel": _Family(
        (
            *("CLIPTextModel", "CLIPTextTransformer", "CLIPTextEmbeddings", "CLIPEncoder"),
            *("CLIPEncoderLayer", "CLIPAttention", "CLIPMLP"),
        ),
        _read_clip,
    ),
    "SiglipModel": _Family(
        (
            *("SiglipTextModel", "SiglipTextTransformer", "SiglipTextEmbeddings", "SiglipEncoder"),
            *("SiglipEncoderLayer", "SiglipAttention", "SiglipMLP"),
        ),
        _read_siglip,
    ),
    "ChineseCLIPModel": _Family(
        (
            *("ChineseCLIPTextModel", "ChineseCLIPTextEmbeddings", "ChineseCLIPTextEncoder"),
            *("ChineseCLIPTextLayer", "ChineseCLIPTextAttention", "ChineseCLIPTextSelfAttention"),
            *("ChineseCLIPTextSelfOutput", "ChineseCLIPTextIntermediate", "ChineseCLIPTextOutput"),
        ),
        _read_chinese,
    ),
}
