from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.answer.reply.citations import code_spans, find_markers


def numbers(text: str) -> list[tuple[int, ...]]:
    return [marker.numbers for marker in find_markers(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is red [1].", [(1,)]),
        ("Both [1, 3] and [ 2 ; 4 ].", [(1, 3), (2, 4)]),
        ("A range [2-4], a dash [2\u20133].", [(2, 3, 4), (2, 3)]),
        ("Side by side [1][2].", [(1,), (2,)]),
        ("Mixed [1, 3-5, 3].", [(1, 3, 4, 5)]),
        ("Out of reach [99] and [0].", [(99,), (0,)]),
        ("No markers: [], [a], [1a], [1.5], [-1], (1), [^1], [1,].", []),
        ("Backwards [4-2] and a stretch of years [1900-2020].", []),
        ("An image ![1](a.png).", []),
        ("Digits of other scripts [\u0661].", []),
    ],
)
def test_markers_are_read_in_all_their_forms(text: str, expected: list[tuple[int, ...]]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "`a[1]`",
        "``a ` [1]``",
        "```\na[1]\n```",
        "~~~python\na[1]\n~~~",
        "```\na[1]\nno end",
        "````\n```\na[1]\n```\nb[2]\n````",
        "a `code\nover two lines [1]` b",
    ],
)
def test_code_holds_no_citations(text: str) -> None:
    assert numbers(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a lone ` backtick [1]", [(1,)]),
        ("`code` then [1] then `code`", [(1,)]),
        ("a ` in one paragraph [1]\n\n and a ` in the next [2]", [(1,), (2,)]),
        ("```\nx[1]\n```\nafter [2]", [(2,)]),
        ("``unequal ` runs [1]", [(1,)]),
    ],
)
def test_what_only_looks_like_code_keeps_its_citations(
    text: str, expected: list[tuple[int, ...]]
) -> None:
    assert numbers(text) == expected


def test_a_span_cuts_its_marker_out_of_the_text() -> None:
    text = "Red [1], or blue [2, 3]."

    assert [text[slice(*marker.span)] for marker in find_markers(text)] == ["[1]", "[2, 3]"]


@given(st.text(alphabet="`~[]123-, \nab!", max_size=80))
def test_any_text_is_read_and_no_marker_overlaps_code(text: str) -> None:
    spans = list(code_spans(text))

    assert spans == sorted(spans)
    for marker in find_markers(text):
        start, end = marker.span
        assert text[start] == "["
        assert text[end - 1] == "]"
        assert all(end <= s or e <= start for s, e in spans)


def test_a_long_run_of_backticks_is_read_in_no_time() -> None:
    text = "".join("`" * (n % 97 + 1) + " " for n in range(4000))

    assert numbers(text + "\n\n[1]") == [(1,)]
