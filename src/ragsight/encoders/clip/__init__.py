"""CLIP-family encoders: images and texts into one space, fast and exact."""

from ragsight.encoders.clip.encoder import DEFAULT_MODEL, DEMO_MODEL, ClipEncoder

__all__ = ["DEFAULT_MODEL", "DEMO_MODEL", "ClipEncoder"]
