from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.chunks import Chunk, Source
from ragsight.loaders.pdf.captions.patterns import mentions_in, plain_number
from ragsight.loaders.pdf.links import LOOKAHEAD, Linker, with_neighbours


def _text(page: int, words: str) -> Chunk:
    return Chunk(text=words, source=Source(uri="/a.pdf", page=page, part="text 1"))


def _figure(page: int, caption: str) -> Chunk:
    source = Source(uri="/a.pdf", page=page, part="figure 1")
    return Chunk(text=caption, source=source, kind="figure", metadata={"caption": caption})


def _linked(*pages: list[Chunk]) -> dict[str, Chunk]:
    linker = Linker()
    found = [chunk for page in pages for chunk in linker.add(page)]
    found += linker.rest()
    return {chunk.id: chunk for chunk in found}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("See Figure 3.", ["Figure 3"]),
        ("(Fig. 3a; Tab. 2)", ["Fig. 3a", "Tab. 2"]),
        ("Figures 3 and 5 show", ["Figures 3", "Figures 5"]),
        ("Figs. 3-5 show", ["Figs. 3", "Figs. 4", "Figs. 5"]),
        ("Tables 2, 3 and 4", ["Tables 2", "Tables 3", "Tables 4"]),
        ("Figure A.2 and Figure 2.1", ["Figure A.2", "Figure 2.1"]),
        ("siehe Abbildung 7", ["Abbildung 7"]),
        ("如図3所示", ["如図 3"]),
        ("Table IV lists", ["Table IV"]),
        ("Figure 3 again, and figure 3", ["Figure 3"]),
        ("a figure of 30 pumps, 3 tables, configure 4, page 3", []),
        ("Figure 3-5000 is no range", ["Figure 3-5000"]),
    ],
)
def test_figures_and_tables_are_found_by_their_names(text: str, labels: list[str]) -> None:
    assert [mention.label for mention in mentions_in(text)] == labels


@given(st.text(max_size=300))
def test_any_text_can_be_searched_for_mentions(text: str) -> None:
    for mention in mentions_in(text):
        assert mention.number == plain_number(mention.number)


def test_passages_and_figures_know_each_other() -> None:
    text, figure = _text(1, "See Fig. 3."), _figure(1, "Figure 3: The pump.")
    chunks = _linked([text, figure])
    assert chunks[text.id].metadata == {"mentions": [figure.id], "mentioned_labels": ["Fig. 3"]}
    assert chunks[figure.id].metadata["mentioned_in"] == [text.id]


def test_links_reach_back_any_distance_and_ahead_as_far_as_pages_are_held() -> None:
    early, late = _text(1, "Figure 3 will show it."), _text(40, "Figure 3 showed it.")
    near = _figure(1 + LOOKAHEAD, "Figure 3: The pump.")
    pages: list[list[Chunk]] = [[] for _ in range(41)]
    for chunk in (early, late, near):
        pages[chunk.source.page or 0].append(chunk)
    chunks = _linked(*pages)
    assert chunks[early.id].metadata["mentions"] == [near.id]
    assert chunks[late.id].metadata["mentions"] == [near.id]
    # The figure is given away before page 40 is read.
    assert chunks[near.id].metadata["mentioned_in"] == [early.id]


def test_of_a_figure_farther_ahead_only_the_label_is_known() -> None:
    early, far = _text(1, "Figure 3 will show it."), _figure(30, "Figure 3: The pump.")
    pages = [[early], *[[] for _ in range(28)], [far]]
    chunks = _linked(*pages)
    assert chunks[early.id].metadata == {"mentioned_labels": ["Figure 3"]}
    assert chunks[far.id].metadata["mentioned_in"] == [early.id]


def test_of_several_figures_with_one_number_the_nearest_is_meant() -> None:
    first, second = _figure(1, "Figure 1: A pump."), _figure(9, "Figure 1: A valve.")
    text = _text(8, "Figure 1 shows it.")
    chunks = _linked([first], *[[] for _ in range(6)], [text], [second])
    assert chunks[text.id].metadata["mentions"] == [second.id]
    assert chunks[second.id].metadata["mentioned_in"] == [text.id]
    assert "mentioned_in" not in chunks[first.id].metadata


def test_a_part_of_a_figure_is_the_figure_unless_it_has_a_caption_itself() -> None:
    text = _text(1, "Figure 3a shows it.")
    whole, part = _figure(1, "Figure 3: Pumps."), _figure(1, "Figure 3a: A pump.")
    assert _linked([text, whole])[text.id].metadata["mentions"] == [whole.id]
    chunks = _linked([text, whole, part])
    assert chunks[text.id].metadata["mentions"] == [part.id]
    assert "mentioned_in" not in chunks[whole.id].metadata


def test_chunks_are_held_back_for_a_few_pages_only() -> None:
    linker = Linker()
    given = [list(linker.add([_text(page, f"Sheet {page}.")])) for page in range(20)]
    assert [len(chunks) for chunks in given] == [0] * LOOKAHEAD + [1] * (20 - LOOKAHEAD)
    assert len(list(linker.rest())) == LOOKAHEAD


def test_each_chunk_knows_the_one_before_and_the_one_after() -> None:
    chunks = [_text(page, "Words.") for page in (1, 2, 3)]
    first, middle, last = with_neighbours(chunks)
    assert first.metadata == {"next": chunks[1].id}
    assert middle.metadata == {"previous": chunks[0].id, "next": chunks[2].id}
    assert last.metadata == {"previous": chunks[1].id}
    (alone,) = with_neighbours(chunks[:1])
    assert alone.metadata == {}
