"""The handbook of the Solar System that the demo indexes, and what is known about it.

`solar-system-handbook.pdf` is built by `python -m tools.demo.handbook.build`. Reading what
the file holds (`tools.demo.handbook.facts`) needs only the standard library; drawing it
(every other module of this package) needs reportlab, a development dependency.
"""

from __future__ import annotations

from tools.demo.handbook.facts import (
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
