"""Drawings in SVG as chunks."""

from ragsight.loaders.svg.loader import SVG_SUFFIXES, SvgLoader

__all__ = ["SVG_SUFFIXES", "SvgLoader"]
