from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.encoders.terms import MOST_PARTS, reference, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$1,299.00", "1299"),
        ("1.299,00 €", "1299"),
        ("1'299", "1299"),
        ("1\u202f299", "1299"),
        ("1.234.567", "1,234,567"),
        ("5.0", "5"),
        ("3.50", "3.5"),
        ("19,99", "19.99"),
    ],
)
def test_a_number_is_one_term_however_it_is_written(one: str, other: str) -> None:
    assert set(terms(other)) <= set(terms(one))


def test_numbers_of_a_list_and_of_a_row_stay_apart() -> None:
    assert terms("1,2,3") == ["1", "2", "3"]
    assert terms("Table 120 300") == ["table", "table#120", "120", "300"]
    assert {"2", "5"} <= set(terms("rows 2,5"))


@pytest.mark.parametrize("written", ["AB-1234-X", "AB1234X", "ab 1234 x", "AB_1234_X"])
def test_a_code_is_found_by_its_parts_however_it_is_joined(written: str) -> None:
    assert {"ab", "1234", "x"} <= set(terms(written))


def test_a_compound_is_found_whole() -> None:
    assert "email" in terms("e-mail")
    assert "tshirts" in terms("T-shirts")
    assert "us" in terms("the U.S. market")
    assert terms("/".join("abcdefgh")) == list("abcdefgh")


def test_a_path_or_address_makes_no_compound() -> None:
    path = ".".join(f"part{n}x" for n in range(MOST_PARTS + 1))
    assert path.replace(".", "") not in terms(path)


def test_digits_and_letters_that_touch_are_found_apart() -> None:
    assert {"fy2021", "fy", "2021"} <= set(terms("FY2021"))
    assert {"100kg", "100", "kg"} <= set(terms("100kg"))
    assert terms("0e94b4197b10096b1f4c") == ["0e94b4197b10096b1f4c"]


def test_words_inside_sentences_without_blanks_are_found() -> None:
    assert set(terms("観光")) <= set(terms("東京都の観光案内"))
    assert set(terms("数据库")) <= set(terms("分布式数据库系统"))
    assert set(terms("문서")) <= set(terms("한국어 문서를 검색합니다"))
    assert set(terms("水")) <= set(terms("水素の利用"))


def test_accents_may_be_left_out_and_letters_of_their_own_may_not() -> None:
    assert terms("Café") == ["café", "cafe"]
    assert terms("cafe") == ["cafe"]
    assert "красныи" not in terms("красный")
    assert terms("हिन्दी") == ["हिन्दी"]
    assert terms("Straße") == terms("strasse")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see Figure 3", "figure#3"),
        ("Fig. 12", "figure#12"),
        ("Fig.3", "figure#3"),
        ("figures 3 and 4", "figure#4"),
        ("Figure 3b", "figure#3"),
        ("(Table 4.1)", "table#4.1"),
        ("Table1-1", "table#1-1"),
        ("on page 14", "page#14"),
        ("p. 12", "page#12"),
        ("slide 7", "page#7"),
        ("page(1)", "page#1"),
        ("the second page", "page#2"),
        ("page two", "page#2"),
        ("on the cover page", "page#1"),
        ("the first figure", "figure#1"),
        ("Appendix C.", "appendix#c"),
        ("Chapter IV", "chapter#iv"),
        ("Section 3.4", "section#3.4"),
        ("Abbildung 3", "figure#3"),
        ("Seite 5", "page#5"),
        ("página 4", "page#4"),
        ("如图3所示", "figure#3"),
        ("第5页", "page#5"),
        ("그림 4-3", "figure#4-3"),
    ],
)
def test_a_reference_is_a_term_of_its_own(text: str, expected: str) -> None:
    assert expected in terms(text)


@pytest.mark.parametrize("text", ["a table a child can read", "the figure", "5 pages", "tables"])
def test_what_names_no_figure_or_page_is_no_reference(text: str) -> None:
    assert not [term for term in terms(text) if "#" in term]


def test_a_reference_is_named_in_small_letters() -> None:
    assert reference("appendix", "C") == "appendix#c"


@given(st.text(max_size=200))
def test_any_text_gives_terms_without_blanks_in_either_unicode_form(text: str) -> None:
    found = terms(text)
    assert all(term and not any(map(str.isspace, term)) for term in found)
    assert found == terms(text)
    assert set(terms(unicodedata.normalize("NFC", text))) == set(
        terms(unicodedata.normalize("NFD", text))
    )


@given(st.lists(st.from_regex(r"[a-z]{1,12}", fullmatch=True), max_size=30))
def test_plain_words_are_their_own_terms(words: list[str]) -> None:
    assert [term for term in terms(" ".join(words)) if "#" not in term] == words
