"""The handbook of the Solar System that the demo indexes, and what is known about it.

`solar-system-handbook.pdf` is built by `python -m ragsight.demo.build_handbook`. Reading what
the file holds (`ragsight.demo.handbook.facts`) needs only the standard library; drawing it
(every other module of this package) needs reportlab, a development dependency.
"""

from __future__ import annotations

from ragsight.demo.handbook.facts import (
    FigureFact,
    HandbookFacts,
    QuestionFact,
    SectionFact,
    TableFact,
    handbook_facts,
)

__all__ = [
    "FigureFact",
    "HandbookFacts",
    "QuestionFact",
    "SectionFact",
    "TableFact",
    "handbook_facts",
]
