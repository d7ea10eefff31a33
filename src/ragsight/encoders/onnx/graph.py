"""Build ONNX graphs out of standard operators, without an exporter.

Opset 20 has every operator that CLIP-like towers need, so nothing here depends on what a release
of torch makes of a model, and any runtime can run the result. ONNX Runtime fuses what it can when
it loads a graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ragsight.encoders.clip.tower_weights import QUICK_GELU, Affine, Mlp, Norm, Weights

OPSET = 20
IR_VERSION = 9
"""Of ONNX 1.15, the first with opset 20: the oldest runtimes that can read these graphs."""

FAR_BELOW = float(np.finfo(np.float32).min)
"""Added to the scores of keys that must not be seen."""

_EXTERNAL_FROM = 1024

# Without it ONNX Runtime's quantiser recommends a step that gains nothing for these graphs.
_READY_TO_QUANTISE = {"onnx.quant.pre_process": "onnxruntime.quant"}


class GraphBuilder:
    """Collects the operators and weights of one graph; values go by their names.

    Attributes:
        inputs: What the graph takes.
    """

    def __init__(self) -> None:
        self.inputs: list[onnx.ValueInfoProto] = []
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._constants: dict[tuple[int, ...], str] = {}

    def input(self, name: str, kind: int, shape: Sequence[int | str]) -> str:
        """Add an input; axes that are named instead of numbered may have any length."""
        self.inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator with one output."""
        return self.nodes(operator, 1, *inputs, **attributes)[0]

    def nodes(self, operator: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add an operator with several outputs."""
        name = f"{operator}_{len(self._nodes)}"
        names = [f"{name}.{index}" for index in range(outputs)]
        self._nodes.append(helper.make_node(operator, inputs, names, name, **attributes))
        return names

    def weight(self, values: Weights | float) -> str:
        """Add a float32 constant."""
        array = np.float32(values) if isinstance(values, float) else values.float().cpu().numpy()
        return self._constant(np.ascontiguousarray(array))

    def ints(self, *values: int) -> str:
        """Add a list of whole numbers, or find it if it is there already."""
        if values not in self._constants:
            self._constants[values] = self._constant(np.array(values, np.int64))
        return self._constants[values]

    def _constant(self, array: Any) -> str:
        name = f"weight_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(array, name))
        return name

    def linear(self, rows: str, layer: Affine) -> str:
        """A linear layer."""
        return self.node("Add", self.product(rows, layer.weight), self.weight(layer.bias))

    def product(self, rows: str, weight: Weights) -> str:
        """The product with a weight of shape `(out, in)`."""
        return self.node("MatMul", rows, self.weight(weight.t()))

    def norm(self, rows: str, norm: Norm) -> str:
        """A layer norm over the last axis."""
        weights = self.weight(norm.weight), self.weight(norm.bias)
        return self.node("LayerNormalization", rows, *weights, axis=-1, epsilon=norm.eps)

    def mlp(self, rows: str, mlp: Mlp, activation: str, *, norm_first: bool = True) -> str:
        """An MLP, its sum with what goes in, and its norm before or after that."""
        inner = self.linear(self.norm(rows, mlp.norm) if norm_first else rows, mlp.inner)
        total = self.node("Add", rows, self.linear(self._activated(inner, activation), mlp.outer))
        return total if norm_first else self.norm(total, mlp.norm)

    def _activated(self, values: str, activation: str) -> str:
        if activation == "quick_gelu":
            scaled = self.node("Mul", values, self.weight(QUICK_GELU))
            return self.node("Mul", values, self.node("Sigmoid", scaled))
        approximate = "tanh" if activation == "gelu_tanh" else "none"
        return self.node("Gelu", values, approximate=approximate)

    def attention(
        self, query: str, keys: str, values: str, *, heads: int, width: int, bias: str | None = None
    ) -> str:
        """Attention of several heads: all of `(batch, rows, width)`.

        Args:
            query: Projected queries.
            keys: Projected keys.
            values: Projected values.
            heads: Number of heads.
            width: Of all heads together.
            bias: Added to the scores, of a shape that fits `(batch, heads, queries, keys)`.
        """
        size = width // heads
        shape = self.ints(0, -1, heads, size)
        query, values = (
            self.node("Transpose", self.node("Reshape", rows, shape), perm=[0, 2, 1, 3])
            for rows in (self.node("Mul", query, self.weight(size**-0.5)), values)
        )
        keys = self.node("Transpose", self.node("Reshape", keys, shape), perm=[0, 2, 3, 1])
        scores = self.node("MatMul", query, keys)
        if bias is not None:
            scores = self.node("Add", scores, bias)
        mixed = self.node("MatMul", self.node("Softmax", scores, axis=-1), values)
        joined = self.node("Transpose", mixed, perm=[0, 2, 1, 3])
        return self.node("Reshape", joined, self.ints(0, -1, width))

    def save(self, path: Path, result: str, dimension: int) -> None:
        """Write the graph, its weights in a file beside it.

        Args:
            path: The graph's file; the weights' has `.data` behind its name.
            result: The value that becomes the output `features`, `(batch, dimension)`.
            dimension: Length of the vectors.
        """
        output = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", dimension])
        last = helper.make_node("Identity", [result], ["features"], "features")
        graph = helper.make_graph(
            [*self._nodes, last], path.stem, self.inputs, [output], self._weights
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="ragsight",
        )
        helper.set_model_props(model, _READY_TO_QUANTISE)
        onnx.save_model(
            model,
            path,
            save_as_external_data=True,
            location=f"{path.name}.data",
            size_threshold=_EXTERNAL_FROM,
        )
        onnx.checker.check_model(path)
