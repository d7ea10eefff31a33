"""Drawings in SVG as chunks."""

from ragsight.loaders.svg.loader import SvgLoader
from ragsight.loaders.svg.pictures import SVG_SUFFIXES, picture_at

__all__ = ["SVG_SUFFIXES", "SvgLoader", "picture_at"]
