"""The vision and text towers of CLIP-like models as ONNX graphs.

Where one row of the last block is what counts, the graph computes that row alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from onnx import TensorProto

from ragsight.encoders.clip.text_weights import TextTower
from ragsight.encoders.clip.tower_weights import Affine, Block
from ragsight.encoders.clip.vision_weights import Probe, VisionTower
from ragsight.encoders.onnx.graph import FAR_BELOW, GraphBuilder

Pick = Callable[[str], str]
"""From all rows of each item to the one that counts, `(batch, 1, width)`."""

_END = 2**62


def save_vision_graph(tower: VisionTower, path: Path) -> None:
    """Write a graph from uint8 `pixels` `(images, height, width, 3)` to `features`.

    Args:
        tower: The weights.
        path: The graph's file.
    """
    graph = GraphBuilder()
    blocks = _Blocks(graph, tower.heads, tower.positions.shape[1], tower.activation)
    rows = _embed_pixels(graph, tower)
    if tower.before is not None:
        rows = graph.norm(rows, tower.before)
    if tower.probe is not None:
        for block in tower.blocks:
            rows = blocks.add(rows, block)
        pooled = blocks.probe(graph.norm(rows, tower.after), tower.probe)
    else:
        for block in tower.blocks[:-1]:
            rows = blocks.add(rows, block)
        pooled = blocks.add(rows, tower.blocks[-1], pick=lambda each: _row(graph, each, 0, 1))
        pooled = graph.norm(pooled, tower.after)
    _save(graph, path, pooled, tower.projection, blocks.width)


def save_text_graph(tower: TextTower, path: Path) -> None:
    """Write a graph from `ids` and `mask`, int64 `(texts, length)`, to `features`.

    Args:
        tower: The weights.
        path: The graph's file.
    """
    graph = GraphBuilder()
    width = tower.words.shape[1]
    blocks = _Blocks(graph, tower.heads, width, tower.activation, tower.norm_first)
    ids = graph.input("ids", TensorProto.INT64, ["batch", "length"])
    graph.input("mask", TensorProto.INT64, ["batch", "length"])
    length = graph.node("Shape", ids, start=1, end=2)
    positions = graph.node("Slice", graph.weight(tower.positions), graph.ints(0), length)
    rows = graph.node("Add", graph.node("Gather", graph.weight(tower.words), ids), positions)
    if tower.before is not None:
        rows = graph.norm(rows, tower.before)
    index = _pooled_index(graph, tower)
    visible = _Visible(graph, len(tower.positions) if tower.causal else None, length)
    bias = visible.from_rows(None)
    for block in tower.blocks[:-1]:
        rows = blocks.add(rows, block, bias)
    pooled = blocks.add(
        rows,
        tower.blocks[-1],
        visible.from_rows(index) if tower.causal else bias,
        lambda each: _pooled_row(graph, each, tower.pooled, index),
    )
    if tower.after is not None:
        pooled = graph.norm(pooled, tower.after)
    _save(graph, path, pooled, tower.projection, width, tower.bias)


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Adds transformer blocks of one kind to a graph."""

    graph: GraphBuilder
    heads: int
    width: int
    activation: str
    norm_first: bool = True

    def add(
        self, rows: str, block: Block, bias: str | None = None, pick: Pick | None = None
    ) -> str:
        """Add a block for all rows, or for the picked ones, which look at all."""
        graph = self.graph
        normed = graph.norm(rows, block.norm) if self.norm_first else rows
        if pick is None:
            query, keys, values = self._projected(normed, block.qkv, 3)
        else:
            first, rest = _cut(block.qkv, self.width)
            query = graph.linear(pick(normed), first)
            keys, values = self._projected(normed, rest, 2)
            rows = pick(rows)
        mixed = self._attention(query, keys, values, bias)
        rows = graph.node("Add", rows, graph.linear(mixed, block.out))
        if not self.norm_first:
            rows = graph.norm(rows, block.norm)
        return graph.mlp(rows, block.mlp, self.activation, norm_first=self.norm_first)

    def probe(self, rows: str, probe: Probe) -> str:
        """Add SigLIP's pooling."""
        graph = self.graph
        keys, values = self._projected(rows, probe.kv, 2)
        query = graph.weight(probe.query.view(1, 1, self.width))
        mixed = self._attention(query, keys, values)
        return graph.mlp(graph.linear(mixed, probe.out), probe.mlp, self.activation)

    def _projected(self, rows: str, layer: Affine, parts: int) -> list[str]:
        projected = self.graph.linear(rows, layer)
        return self.graph.nodes("Split", parts, projected, axis=-1, num_outputs=parts)

    def _attention(self, query: str, keys: str, values: str, bias: str | None = None) -> str:
        return self.graph.attention(
            query, keys, values, heads=self.heads, width=self.width, bias=bias
        )


@dataclass(frozen=True, slots=True)
class _Visible:
    """Which keys a row may see, as what is added to their scores."""

    graph: GraphBuilder
    context: int | None
    length: str

    def from_rows(self, index: str | None) -> str:
        """For all rows, or in a causal tower for row `index` of each text, `(batch, 1)`."""
        graph = self.graph
        keys = graph.node("Cast", "mask", to=TensorProto.BOOL)
        keys = graph.node("Unsqueeze", keys, graph.ints(1, 2))
        if self.context is not None:
            every = graph.ints(*range(self.context))
            columns = graph.node("Slice", every, graph.ints(0), self.length)
            rows = graph.node("Unsqueeze", columns, graph.ints(1))
            if index is not None:
                rows = graph.node("Unsqueeze", index, graph.ints(2, 3))
            earlier = graph.node("LessOrEqual", columns, rows)
            keys = graph.node("And", keys, earlier)
        return graph.node("Where", keys, graph.weight(0.0), graph.weight(FAR_BELOW))


def _embed_pixels(graph: GraphBuilder, tower: VisionTower) -> str:
    size, grid, side = tower.image_size, tower.grid, tower.patch
    pixels = graph.input("pixels", TensorProto.UINT8, ["batch", size, size, 3])
    if grid * side != size:
        # A convolution without padding never looks at what is left over at the far edges.
        edges = graph.ints(grid * side, grid * side)
        pixels = graph.node("Slice", pixels, graph.ints(0, 0), edges, graph.ints(1, 2))
    cut = graph.node("Reshape", pixels, graph.ints(-1, grid, side, grid, side, 3))
    cut = graph.node("Transpose", cut, perm=[0, 1, 3, 2, 4, 5])
    flat = graph.node("Reshape", cut, graph.ints(-1, grid * grid, side * side * 3))
    patches = graph.product(graph.node("Cast", flat, to=TensorProto.FLOAT), tower.patches)
    classes = len(tower.positions) - grid * grid
    if classes:
        patches = graph.node("Pad", patches, graph.ints(0, classes, 0, 0, 0, 0))
    return graph.node("Add", patches, graph.weight(tower.positions))


def _pooled_index(graph: GraphBuilder, tower: TextTower) -> str | None:
    """Number of the row that counts, `(batch, 1)`, where it differs from text to text."""
    if tower.pooled in {"first", "last"}:
        return None
    ids = "ids"
    if tower.pooled == "end":
        ids = graph.node("Equal", ids, graph.ints(tower.end))
    return graph.node("ArgMax", graph.node("Cast", ids, to=TensorProto.INT32), axis=1)


def _pooled_row(graph: GraphBuilder, rows: str, pooled: str, index: str | None) -> str:
    if index is None:
        return _row(graph, rows, 0, 1) if pooled == "first" else _row(graph, rows, -1, _END)
    index = graph.node("Unsqueeze", index, graph.ints(2))
    return graph.node("GatherND", rows, index, batch_dims=1)


def _row(graph: GraphBuilder, rows: str, start: int, end: int) -> str:
    return graph.node("Slice", rows, graph.ints(start), graph.ints(end), graph.ints(1))


def _cut(layer: Affine, rows: int) -> tuple[Affine, Affine]:
    return (
        Affine(layer.weight[:rows], layer.bias[:rows]),
        Affine(layer.weight[rows:], layer.bias[rows:]),
    )


def _save(
    graph: GraphBuilder,
    path: Path,
    pooled: str,
    projection: torch.Tensor | None,
    width: int,
    bias: torch.Tensor | None = None,
) -> None:
    pooled = graph.node("Reshape", pooled, graph.ints(-1, width))
    if projection is not None:
        pooled = graph.product(pooled, projection)
        width = len(projection)
    if bias is not None:
        pooled = graph.node("Add", pooled, graph.weight(bias))
    graph.save(path, pooled, width)
