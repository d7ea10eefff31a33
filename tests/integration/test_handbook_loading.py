from __future__ import annotations

import pytest
from tools.demo.handbook import FigureFact, TableFact, handbook_facts
from tools.demo.handbook.facts import PDF_PATH

from pdfs import BACKENDS, iou
from ragsight.chunks import Chunk
from ragsight.loaders.pdf import PdfLoader

FACTS = handbook_facts()


@pytest.fixture(scope="module", params=BACKENDS)
def chunks(request: pytest.FixtureRequest) -> list[Chunk]:
    return PdfLoader(PDF_PATH, backend=request.param).load()


def _labelled(chunks: list[Chunk], kind: str, label: str) -> Chunk:
    (found,) = [c for c in chunks if c.kind == kind and c.metadata.get("label") == label]
    return found


@pytest.mark.parametrize("fact", FACTS.figures, ids=lambda fact: fact.key)
def test_each_figure_is_found_with_its_caption(chunks: list[Chunk], fact: FigureFact) -> None:
    figure = _labelled(chunks, "figure", fact.label)
    assert figure.source.page == fact.page
    assert figure.source.bbox is not None
    assert iou(figure.source.bbox, fact.bbox) >= 0.9
    assert figure.text == fact.caption
    assert figure.metadata["method"] == fact.medium
    assert figure.metadata["nearby_text"]
    assert figure.metadata["mentioned_in"]
    assert figure.image is not None


@pytest.mark.parametrize("fact", FACTS.tables, ids=lambda fact: fact.key)
def test_each_table_is_found_with_all_its_cells(chunks: list[Chunk], fact: TableFact) -> None:
    table = _labelled(chunks, "table", fact.label)
    assert table.source.page == fact.page
    assert table.source.bbox is not None
    assert iou(table.source.bbox, fact.bbox) >= 0.9
    caption, _, markdown = table.text.partition("\n\n")
    assert caption == fact.caption
    rows = [row for row in markdown.splitlines() if "---" not in row]
    assert len(rows) == fact.rows
    assert all(row.count("|") == fact.columns + 1 for row in rows)
    assert "|  |" not in markdown


def test_nothing_else_is_taken_for_a_figure_or_table(chunks: list[Chunk]) -> None:
    kinds = [chunk.kind for chunk in chunks]
    assert kinds.count("figure") == len(FACTS.figures)
    assert kinds.count("table") == len(FACTS.tables)
    assert set(kinds) == {"text", "figure", "table"}


def test_every_section_has_its_title_and_page(chunks: list[Chunk]) -> None:
    found = {(c.source.page, title) for c in chunks for title in c.source.section}
    for fact in FACTS.sections:
        assert (fact.page, f"{fact.number} {fact.title}") in found


def test_answers_to_the_questions_are_on_their_pages(chunks: list[Chunk]) -> None:
    for fact in FACTS.questions:
        texts = [" ".join(c.text.split()) for c in chunks if c.source.page == fact.page]
        assert any(fact.answer in text for text in texts), fact.question


def test_captions_labels_and_page_headers_are_not_in_the_text(chunks: list[Chunk]) -> None:
    text = "\n".join(chunk.text for chunk in chunks if chunk.kind == "text")
    captions = [f.caption for f in FACTS.figures] + [t.caption for t in FACTS.tables]
    assert not any(caption in text for caption in captions)
    assert FACTS.title not in text
    assert "mean radius (km)" not in text
