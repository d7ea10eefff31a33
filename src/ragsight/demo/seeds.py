"""Ranges of drawing seeds, kept apart so that nothing measured or shown was trained on."""

from __future__ import annotations

TRAINING = range(0, 1_000_000)
MEASURING = range(1_000_000, 2_000_000)
CATALOGUE = range(2_000_000, 3_000_000)
