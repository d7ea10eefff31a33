"""Build the demo handbook: `python -m tools.demo.handbook.build [--out FILE.pdf]`.

Needs reportlab, a development dependency; the package never imports this module at run time.
The same sources and library versions give the same bytes: no dates, no random state. What the
layout knows (boxes of figures and tables, captions, pages) is written beside the PDF as JSON.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from importlib.metadata import version
from pathlib import Path

from reportlab import rl_config
from reportlab.lib.pagesizes import A4

from tools.demo.handbook import catalogue, compose
from tools.demo.handbook.facts import (
    FACTS_PATH,
    PDF_PATH,
    FigureFact,
    HandbookFacts,
    QuestionFact,
    SectionFact,
    TableFact,
)
from tools.demo.handbook.layout import TITLE, Recorder, render_twice
from tools.demo.handbook.tables import ROWS


def build() -> tuple[bytes, HandbookFacts]:
    """Lay out the handbook in memory and return the PDF with its facts."""
    before = rl_config.useA85
    # ASCII85 would make every stream a quarter larger for the sake of 7-bit channels.
    rl_config.useA85 = 0
    try:
        data, recorder = render_twice(compose.handbook)
    finally:
        rl_config.useA85 = before
    return data, collect(recorder)


def collect(recorder: Recorder) -> HandbookFacts:
    """The facts of a finished layout."""
    return HandbookFacts(
        title=TITLE,
        pages=recorder.pages,
        page_size=(round(A4[0], 2), round(A4[1], 2)),
        built_with=library_versions(),
        figures=tuple(_figure(key, recorder) for key in compose.FIGURE_LABELS),
        tables=tuple(_table(key, recorder) for key in compose.TABLE_LABELS),
        sections=tuple(
            SectionFact(h.number, h.title, recorder.marks[f"section:{h.number}"].page)
            for h in compose.HEADINGS
        ),
        questions=tuple(_question(item, recorder) for item in catalogue.QUESTIONS),
    )


def library_versions() -> dict[str, str]:
    """Versions of what shapes the bytes: equal versions give equal files."""
    names = ("reportlab", "numpy", "pillow")
    return {name: version(name) for name in names} | {"zlib": zlib.ZLIB_RUNTIME_VERSION}


def _figure(key: str, recorder: Recorder) -> FigureFact:
    entry, mark = catalogue.FIGURES[key], recorder.marks[f"figure:{key}"]
    return FigureFact(
        key=key,
        label=compose.FIGURE_LABELS[key],
        caption=compose.figure_caption(key),
        page=mark.page,
        kind=entry.kind,
        medium=entry.medium,
        bbox=mark.box,
        caption_bbox=recorder.marks[f"figure-caption:{key}"].box,
    )


def _table(key: str, recorder: Recorder) -> TableFact:
    mark, rows = recorder.marks[f"table:{key}"], ROWS[key]()
    return TableFact(
        key=key,
        label=compose.TABLE_LABELS[key],
        caption=compose.table_caption(key),
        page=mark.page,
        rows=len(rows),
        columns=len(rows[0]),
        bbox=mark.box,
        caption_bbox=recorder.marks[f"table-caption:{key}"].box,
    )


def _question(item: catalogue.Question, recorder: Recorder) -> QuestionFact:
    figure = item.place if item.place in catalogue.FIGURES else None
    table = item.place if item.place in catalogue.TABLES else None
    place = f"figure:{figure}" if figure is not None else f"table:{table}"
    page = recorder.marks[place].page if item.place is not None else _page_of(item, recorder)
    return QuestionFact(item.text, page, item.section, item.answer, figure, table)


def _page_of(item: catalogue.Question, recorder: Recorder) -> int:
    """Where prose holds the answer: on the page of the heading, or where it runs on."""
    start = recorder.marks[f"section:{item.section}"].page
    for page in (start, start + 1):
        if item.answer in recorder.prose.get(page, ""):
            return page
    raise ValueError(
        f"{item.answer!r} is on no page of section {item.section}; "
        f"correct the answer of {item.text!r} in the catalogue"
    )


def main(arguments: list[str] | None = None) -> int:
    """Write the PDF and its JSON; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo.handbook.build")
    parser.add_argument(
        "--out", type=Path, default=PDF_PATH, help="the PDF to write, a JSON beside"
    )
    out: Path = parser.parse_args(arguments).out
    data, facts = build()
    out.write_bytes(data)
    facts_path = FACTS_PATH if out == PDF_PATH else out.with_suffix(".json")
    facts_path.write_text(facts.to_json(), encoding="utf-8")
    sys.stdout.write(f"{out}: {facts.pages} pages, {len(data):,} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
