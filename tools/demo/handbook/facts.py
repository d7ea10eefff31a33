"""What the built handbook holds: figures, tables, sections and labelled questions.

The layout records these at build time and writes them beside the PDF, so that loaders and
retrieval can be measured against the truth instead of a reading of the pages.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ragsight.demo import handbook_path

PDF_PATH = handbook_path()
FACTS_PATH = Path(__file__).with_name("solar-system-handbook.json")

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in PDF points, measured from the top left corner of the page."""


@dataclass(frozen=True)
class FigureFact:
    """One figure of the handbook.

    `bbox` is the drawn region without its caption, in points from the top left corner;
    `caption` starts with the label, as printed. `medium` is "vector", "bitmap" or "mixed".

    Example:
        >>> handbook_facts().figure("planet-radii").kind
        'bar chart'
    """

    key: str
    label: str
    caption: str
    page: int
    kind: str
    medium: str
    bbox: Box
    caption_bbox: Box


@dataclass(frozen=True)
class TableFact:
    """One table of the handbook; `bbox` covers the ruled grid, `rows` counts its header.

    Example:
        >>> handbook_facts().tables[0].label
        'Table 1'
    """

    key: str
    label: str
    caption: str
    page: int
    rows: int
    columns: int
    bbox: Box
    caption_bbox: Box


@dataclass(frozen=True)
class SectionFact:
    """A numbered heading and the page it stands on.

    Example:
        >>> handbook_facts().sections[0].number
        '1'
    """

    number: str
    title: str
    page: int


@dataclass(frozen=True)
class QuestionFact:
    """A question with its one right place: `figure` or `table` is a key, or None for prose.

    `answer` is a string printed on `page`, in the prose or in the caption.

    Example:
        >>> handbook_facts().questions[0].page >= 1
        True
    """

    question: str
    page: int
    section: str
    answer: str
    figure: str | None = None
    table: str | None = None


@dataclass(frozen=True)
class HandbookFacts:
    """Everything the layout knows about the built file.

    Example:
        >>> [f.label for f in handbook_facts().figures][:2]
        ['Figure 1', 'Figure 2']
    """

    title: str
    pages: int
    page_size: tuple[float, float]
    built_with: dict[str, str]
    figures: tuple[FigureFact, ...]
    tables: tuple[TableFact, ...]
    sections: tuple[SectionFact, ...]
    questions: tuple[QuestionFact, ...]

    def figure(self, key: str) -> FigureFact:
        """The figure with this key; KeyError names the key when there is none."""
        return {figure.key: figure for figure in self.figures}[key]

    def table(self, key: str) -> TableFact:
        """The table with this key; KeyError names the key when there is none."""
        return {table.key: table for table in self.tables}[key]

    def to_json(self) -> str:
        """The same facts as indented JSON, one newline at the end."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def read_facts(path: Path) -> HandbookFacts:
    """Read the facts that were written at build time."""
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return HandbookFacts(
        title=raw["title"],
        pages=raw["pages"],
        page_size=(raw["page_size"][0], raw["page_size"][1]),
        built_with=raw["built_with"],
        figures=tuple(FigureFact(**_with_boxes(item)) for item in raw["figures"]),
        tables=tuple(TableFact(**_with_boxes(item)) for item in raw["tables"]),
        sections=tuple(SectionFact(**item) for item in raw["sections"]),
        questions=tuple(QuestionFact(**item) for item in raw["questions"]),
    )


def _with_boxes(item: dict[str, Any]) -> dict[str, Any]:
    boxes = {name: tuple(item[name]) for name in ("bbox", "caption_bbox")}
    return item | boxes


@cache
def handbook_facts() -> HandbookFacts:
    """The facts of the handbook shipped with the package.

    Example:
        >>> handbook_facts().title
        'A Short Handbook of the Solar System'
    """
    return read_facts(FACTS_PATH)
