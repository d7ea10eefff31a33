"""Colours and fonts of the handbook, so that text and figures look like one book."""

from __future__ import annotations

from reportlab.lib.colors import Color, HexColor

INK = HexColor("#1d2433")
SOFT = HexColor("#5b667a")
RULE = HexColor("#c3cad6")
PALE = HexColor("#eef2f8")
ACCENT = HexColor("#1f4e8c")
SUN = HexColor("#f2a71b")
SUN_PALE = HexColor("#fdeecb")
EARTH = HexColor("#2f7fc1")
MARS = HexColor("#c1552d")
LEAF = HexColor("#3f8f6b")
PLUM = HexColor("#7a4f9a")
NIGHT = HexColor("#101726")

PLANET_COLOURS: dict[str, Color] = {
    "Mercury": HexColor("#8d8a86"),
    "Venus": HexColor("#d9b26a"),
    "Earth": EARTH,
    "Mars": MARS,
    "Jupiter": HexColor("#c58f62"),
    "Saturn": HexColor("#dfc07a"),
    "Uranus": HexColor("#73c1c6"),
    "Neptune": HexColor("#3f5fb5"),
}

SANS = "Helvetica"
SANS_BOLD = "Helvetica-Bold"
SANS_ITALIC = "Helvetica-Oblique"
SERIF = "Times-Roman"
