from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.loaders.pdf.captions.mentions import find_mentions, sentences_of
from ragsight.loaders.pdf.captions.patterns import mention_pattern, parse_caption


@pytest.mark.parametrize(
    ("text", "kind", "label", "number"),
    [
        ("Figure 3: The pump.", "figure", "Figure 3", "3"),
        ("Fig. 3. The pump.", "figure", "Fig. 3", "3"),
        ("FIGURE 12 | Overview of the plant", "figure", "FIGURE 12", "12"),
        ("Figure A.2: Appendix drawing", "figure", "Figure A.2", "A.2"),
        ("Figure 2.1 The pump", "figure", "Figure 2.1", "2.1"),
        ("Figure 4", "figure", "Figure 4", "4"),
        ("Abbildung 7: Die Pumpe", "figure", "Abbildung 7", "7"),
        ("Abb. 7 Die Pumpe", "figure", "Abb. 7", "7"),
        ("Рис. 2. Насос", "figure", "Рис. 2", "2"),  # noqa: RUF001
        ("図 5 ポンプ", "figure", "図 5", "5"),
        ("图3：水泵", "figure", "图3", "3"),  # noqa: RUF001
        ("Table 1: Sizes", "table", "Table 1", "1"),
        ("Tableau 4 - Dimensions", "table", "Tableau 4", "4"),
        ("TABLE IV. Results", "table", "TABLE IV", "IV"),
        ("表 2 尺寸", "table", "表 2", "2"),
    ],
)
def test_a_caption_is_read_in_many_spellings(text: str, kind: str, label: str, number: str) -> None:
    caption = parse_caption(text)
    assert caption is not None
    assert (caption.kind, caption.label, caption.number) == (kind, label, number)
    assert caption.text == text


@pytest.mark.parametrize(
    "text",
    [
        "Figure 3 shows the pump.",
        "figure 3. A line of prose broken before its last words",
        "Figures are drawn to scale.",
        "Figure 3: The pump ........... 12",
        "Figure 3: The pump . . . . . . . 12",
        "Tablet 3: a device",
        "As Figure 3: shows",
        "",
    ],
)
def test_prose_and_lists_of_figures_are_no_captions(text: str) -> None:
    assert parse_caption(text) is None


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    caption = parse_caption(text)
    assert caption is None or caption.number


@given(
    word=st.sampled_from(["Figure", "Fig.", "Table", "Abbildung", "Figura", "Tab."]),
    number=st.integers(1, 999),
    rest=st.from_regex(r"[A-Z][a-z]{1,8}( [a-z]{1,8}){0,5}", fullmatch=True),
)
def test_label_and_number_come_back_from_any_caption(word: str, number: int, rest: str) -> None:
    caption = parse_caption(f"{word} {number}: {rest}")
    assert caption is not None
    assert caption.label == f"{word} {number}"
    assert caption.number == str(number)


def test_a_mention_names_the_very_number() -> None:
    caption = parse_caption("Figure 3: The pump")
    assert caption is not None
    pattern = mention_pattern(caption)
    assert pattern.search("see Fig. 3 and others")
    assert pattern.search("see figure 3.")
    for other in ("see Figure 30", "see Figure 3.1", "see Table 3"):
        assert pattern.search(other) is None


def test_mentions_are_whole_sentences_each_once() -> None:
    caption = parse_caption("Fig. 2. A valve")
    assert caption is not None
    text = ["Water flows. As Fig. 2 shows, it can't run back. Then it stops.", "No word of it."]
    sentences = sentences_of(text * 2)
    assert find_mentions(caption, sentences) == ["As Fig. 2 shows, it can't run back."]
