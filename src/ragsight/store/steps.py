"""Names that steps had when the store had its own; see `ragsight.steps`."""

from __future__ import annotations

from ragsight.steps import InThread as Work
from ragsight.steps import Parallel as Together
from ragsight.steps import Steps as Program

__all__ = ["Program", "Together", "Work"]
