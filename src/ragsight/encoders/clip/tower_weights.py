"""What the vision and text towers of CLIP-like models are made of, and how to read it exactly.

Every module must be of exactly the class that is expected and carry no hooks, so that a quantised,
adapted or patched model isn't mistaken for the plain one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

Weights: TypeAlias = torch.Tensor

ACTIVATIONS = {
    "QuickGELUActivation": "quick_gelu",
    "GELUActivation": "gelu",
    "GELUTanh": "gelu_tanh",
}
"""Classes of transformers' activations, and what this package calls them."""

QUICK_GELU = 1.702
"""The factor in quick-GELU, `x * sigmoid(1.702 x)`: https://github.com/hendrycks/GELUs."""

PLAIN = frozenset(
    {"Conv2d", "Dropout", "Embedding", "LayerNorm", "Linear", "ModuleList", *ACTIVATIONS}
)
"""Classes that may be part of any tower."""

_DTYPES = frozenset({torch.float32, torch.bfloat16, torch.float16})


class UnknownArchitectureError(Exception):
    """A tower has a part that isn't known exactly; this never leaves the package."""


@dataclass(frozen=True, slots=True)
class Affine:
    """A linear layer: weight `(out, in)` and bias `(out,)`."""

    weight: Weights
    bias: Weights


@dataclass(frozen=True, slots=True)
class Norm:
    """A layer norm."""

    weight: Weights
    bias: Weights
    eps: float


@dataclass(frozen=True, slots=True)
class Mlp:
    """Two linear layers with an activation between them, and the norm that goes with them."""

    norm: Norm
    inner: Affine
    outer: Affine


@dataclass(frozen=True, slots=True)
class Block:
    """One transformer block; `qkv` holds queries, keys and values one below the other."""

    norm: Norm
    qkv: Affine
    out: Affine
    mlp: Mlp


def is_plain(model: Any, tower: Any, parts: Iterable[str]) -> bool:
    """Whether a tower is of transformers' own classes, as they were loaded, ready to run.

    Args:
        model: The model.
        tower: Its vision or text tower.
        parts: Names of the classes that the tower may have beside `PLAIN`.
    """
    allowed = PLAIN.union(parts)
    weights = list(tower.parameters())
    return (
        type(model).__module__.startswith("transformers.")
        and all(_is_untouched(module, allowed) for module in tower.modules())
        and not model.training
        and len({(weight.dtype, weight.device) for weight in weights}) == 1
        and weights[0].dtype in _DTYPES
        and weights[0].device.type != "meta"
    )


def _is_untouched(module: Any, allowed: frozenset[str]) -> bool:
    return type(module).__name__ in allowed and not (
        module._forward_hooks or module._forward_pre_hooks
    )


def read_block(layer: Any) -> Block:
    """Read a pre-norm block as CLIP and SigLIP have them."""
    attention = layer.self_attn
    demand(attention.num_heads * attention.head_dim == attention.q_proj.in_features)
    demand(abs(attention.scale - attention.head_dim**-0.5) < 1e-9)
    return Block(
        norm=read_norm(layer.layer_norm1),
        qkv=fuse(attention.q_proj, attention.k_proj, attention.v_proj),
        out=read_affine(attention.out_proj),
        mlp=read_mlp(layer.layer_norm2, layer.mlp),
    )


def read_mlp(norm: Any, mlp: Any) -> Mlp:
    """Read an MLP with its norm."""
    return Mlp(read_norm(norm), read_affine(mlp.fc1), read_affine(mlp.fc2))


def read_norm(module: Any) -> Norm:
    """Read a layer norm."""
    return Norm(module.weight.detach(), module.bias.detach(), float(module.eps))


def read_affine(module: Any) -> Affine:
    """Read a linear layer."""
    return Affine(module.weight.detach(), module.bias.detach())


def read_projection(model: Any, name: str) -> Weights | None:
    """Read the projection into the shared space, where there is one."""
    layer = getattr(model, name, None)
    if layer is None:
        return None
    demand(_is_untouched(layer, PLAIN) and layer.bias is None)
    weight: Weights = layer.weight.detach()
    return weight


def read_activation(modules: Iterable[Any]) -> str:
    """The one activation of all blocks."""
    return ACTIVATIONS[type(read_same(modules, type)).__name__]


def read_same(values: Iterable[Any], key: Any = lambda value: value) -> Any:
    """The first of values that must all be equal."""
    values = list(values)
    demand(len({key(value) for value in values}) == 1)
    return values[0]


def fuse(*modules: Any) -> Affine:
    """Put linear layers below each other in one, of which their own weights become views.

    So nothing is kept twice, and the modules compute what they did.
    """
    weight = torch.cat([module.weight.detach() for module in modules])
    bias = torch.cat([module.bias.detach() for module in modules])
    start = 0
    for module in modules:
        rows = slice(start, start + module.out_features)
        module.weight.data, module.bias.data = weight[rows], bias[rows]
        start = rows.stop
    return Affine(weight, bias)


def demand(condition: bool) -> None:
    """Give up on a tower that isn't what was expected."""
    if not condition:
        raise UnknownArchitectureError
