"""Procedural drawings: products, shapes and figures."""

from __future__ import annotations

from ragsight.demo.drawing.figures import FIGURE_KINDS, draw_figure
from ragsight.demo.drawing.products import PRODUCT_KINDS, draw_product
from ragsight.demo.drawing.shapes import SHAPE_KINDS, draw_shape

__all__ = [
    "FIGURE_KINDS",
    "PRODUCT_KINDS",
    "SHAPE_KINDS",
    "draw_figure",
    "draw_product",
    "draw_shape",
]
