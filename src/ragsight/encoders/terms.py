"""From text to terms: what BM25 counts, the same in passages and in questions.

An engine's own tokenizer splits at whatever isn't a letter or a digit. These rules keep together
what a reader takes for one thing, and take apart what is written without blanks:

- numbers are one term however they are written: `$1,299.00`, `1.299,00` and `1299` are equal;
- a code or compound is found whole and by its parts: `AB-1234` as `ab1234`, `ab` and `1234`;
- scripts without blanks give pairs of neighbouring characters, as Lucene's CJK analyzer does;
- a word with accents is found without them too, and the Unicode form doesn't matter (NFKC);
- a reference, such as `Figure 3`, `Appendix C` or `page 14`, is a term of its own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import regex

ReferenceKind = Literal["figure", "table", "page", "section", "chapter", "appendix", "equation"]

MOST_PARTS = 6
"""Parts of a compound from which on it is none: addresses and paths would give terms that nobody
asks for."""

WORDS_REMEMBERED = 1 << 14
"""Words whose terms are kept: a text has few that no earlier one had; some 4 MB."""

_UNSEGMENTED = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts that are written without blanks between words; Korean has some, but joins particles to
its words."""

_HAN = regex.compile(r"\p{Han}")

_THIN_BLANK = regex.compile(r"(?<=\d)[\u00a0\u2009\u202f'\u2019](?=\d{3}(?!\d))")
"""What stands between thousands and can't be the gap between two columns of a table."""

_ACCENTS = regex.compile(
    r"[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u0640]"
)
"""Accents of Latin, Greek and Cyrillic letters, and points of Hebrew and Arabic ones. Vowel signs
of Indian scripts are no accents: without them other words are left."""

_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSEGMENTED}]]"

_TOKEN = regex.compile(
    rf"""
    (?P<run>[{_UNSEGMENTED}]+)
    | (?<![\p{{L}}\p{{M}}\p{{N}}.,])
      (?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?
                | \d{{1,3}}(?:\.\d{{3}})+(?:,\d+)?
                | \d+[.,]\d+)
      (?![\p{{L}}\p{{M}}\p{{N}}]|[.,]\d)
    | (?P<word>{_LETTER}+(?:[-\u2010\u2011_.'\u2019]{_LETTER}+)*)
    """,
    regex.VERSION1 | regex.VERBOSE,
)

_COMMAS_BETWEEN_THOUSANDS = regex.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_POINTS_BETWEEN_THOUSANDS = regex.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}")
_DASHES = regex.compile("[\u2010\u2011\u2013]")
_JOINTS = regex.compile(r"[-\u2010\u2011_.'\u2019]")
_CYRILLIC = regex.compile(r"\p{Cyrillic}")
_ATTACHED = regex.compile(r"([\p{L}]+)[.]?(\d+(?:[.\-\u2010\u2011\u2013]\d+)*[a-z]?)")
_LETTERS_OR_DIGITS = regex.compile(r"[\p{L}\p{M}]+|\p{N}+")

_NAMES: tuple[tuple[ReferenceKind, str], ...] = (
    ("figure", "figure figures fig figs abbildung abbildungen abb figura figuras figuur"),
    ("table", "table tables tab tabelle tabellen tableau tableaux tabla tablas tabella tabela"),
    ("page", "page pages p pp slide slides seite seiten folie página páginas pagina pagine"),
    ("section", "section sections sec abschnitt sección sezione seção"),
    ("chapter", "chapter chapters kapitel chapitre capítulo capitolo"),
    ("appendix", "appendix appendices exhibit annex anhang anlage annexe anexo allegato"),
    ("equation", "equation equations eq eqs gleichung équation ecuación equazione"),
)
_KINDS = {word: kind for kind, words in _NAMES for word in words.split()}

_ORDINALS = {
    word: str(number)
    for number, words in enumerate(
        (
            ("first", "1st"),
            ("second", "2nd"),
            ("third", "3rd"),
            ("fourth", "4th"),
            ("fifth", "5th"),
            ("sixth", "6th"),
            ("seventh", "7th"),
            ("eighth", "8th"),
            ("ninth", "9th"),
            ("tenth", "10th"),
        ),
        start=1,
    )
    for word in words
}
_CARDINALS = {
    word: str(number)
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], start=1
    )
}

_COVERS = frozenset({"cover", "title", "front"})

_NUMBER = r"\d+(?:[.\-\u2010\u2011\u2013]\d+)*[a-z]?"
_NUMBERS = regex.compile(
    rf"""
    [\s.:#(]*(?:n[or]\.?\s*|№\s*)?
    (?:
      (?P<number>{_NUMBER})(?:\)?\s*(?:,|&|\b(?:and|or|und|et|y|e)\b)\s*\(?(?P<number>{_NUMBER}))*
      | (?P<number>{"|".join(_CARDINALS)}|[ivxl]+)
    )(?![\p{{L}}\p{{N}}])
    """,
    regex.VERSION1 | regex.VERBOSE,
)
"""What stands behind the name of a kind; `Figures 3, 4 and 7` are three references."""

_LETTER_NAMED = regex.compile(r"\s([a-z])(?![\p{L}\p{N}])")
"""The letter of an appendix; of others it would be the article in `a table a child can read`."""

_EASTERN = regex.compile(
    r"(?P<figure>[图圖図]|그림)\s*(?P<n>\d+(?:[.\-]\d+)*)|(?P<table>表|표)\s*(?P<n>\d+(?:[.\-]\d+)*)"
    r"|第?\s*(?P<n>\d+)\s*(?:(?P<page>[页頁]|ページ|쪽|페이지)|(?P<chapter>章|장)|(?P<section>[节節]|절))"
)


def terms(text: str) -> list[str]:
    """The terms of a text, each as often as it stands there.

    They aren't stemmed, and stop words are among them: that depends on the language.

    Example:
        >>> terms("Café AB-1234, $1,299.00")
        ['café', 'cafe', 'ab', '1234', 'ab1234', '1299']
        >>> terms("see Figure 3")
        ['see', 'figure', 'figure#3', '3']
    """
    folded = unicodedata.normalize("NFKC", _THIN_BLANK.sub("", text)).casefold()
    # Once more: folding the case of a letter may take it apart again.
    plain = unicodedata.normalize("NFC", folded)
    found: list[str] = []
    before = ""
    for match in _TOKEN.finditer(plain):
        token = match.group()
        if match.lastgroup == "word":
            found += _word(token)
            found += _references(token, before, plain, match.end())
        elif match.lastgroup == "number":
            found += _number(token)
        else:
            found += _pairs(token)
        before = token
    if not plain.isascii():
        found += _eastern(plain)
    return found


def reference(kind: ReferenceKind, number: str) -> str:
    """The term of a reference: of what is called `Figure 3`, or stands on page 14.

    Example:
        >>> reference("page", "iv")
        'page#iv'
    """
    return f"{kind}#{number.casefold()}"


def is_reference(term: str) -> bool:
    """Whether a term is one of `reference`; no other has its sign.

    Example:
        >>> is_reference("page#14"), is_reference("14")
        (True, False)
    """
    return "#" in term


def _references(token: str, before: str, text: str, end: int) -> Iterator[str]:
    """What a word refers to, by the word before it and what follows in the text."""
    name, digits = token, ""
    if not token.isalpha():
        attached = _ATTACHED.fullmatch(token)
        if attached is None:
            return
        name, digits = attached.groups()
    kind = _KINDS.get(name)
    if kind is None:
        return
    if digits:
        yield from _numbered(kind, digits)
        return
    if before in _ORDINALS:
        yield reference(kind, _ORDINALS[before])
    elif kind == "page" and before in _COVERS:
        yield reference(kind, "1")
    if (numbers := _NUMBERS.match(text, end)) is not None:
        for number in numbers.captures("number"):
            yield from _numbered(kind, number)
    elif kind == "appendix" and (letter := _LETTER_NAMED.match(text, end)) is not None:
        yield reference(kind, letter[1])


def _eastern(text: str) -> Iterator[str]:
    for match in _EASTERN.finditer(text):
        kinds: tuple[ReferenceKind, ...] = ("figure", "table", "page", "chapter", "section")
        yield reference(next(kind for kind in kinds if match[kind]), match["n"])


def _numbered(kind: ReferenceKind, number: str) -> Iterator[str]:
    number = _DASHES.sub("-", _CARDINALS.get(number, number))
    yield reference(kind, number)
    if len(number) > 1 and number[-1].isalpha() and number[-2].isdigit():
        # Who asks for Figure 3a is served by the whole of it, too.
        yield reference(kind, number[:-1])


def _pairs(run: str) -> list[str]:
    """Each two neighbours of a run; of Han also each character, which may be a word."""
    single = [char for char in run if _HAN.match(char)] if len(run) > 1 else [run]
    return [run[i : i + 2] for i in range(len(run) - 1)] + single


def _number(written: str) -> list[str]:
    if _COMMAS_BETWEEN_THOUSANDS.fullmatch(written):
        return [_plain(written.replace(",", ""))]
    if _POINTS_BETWEEN_THOUSANDS.fullmatch(written):
        return [_plain(written.replace(".", "").replace(",", "."))]
    if "," in written:
        # A comma may also be that of a list.
        return [_plain(written.replace(",", ".")), *written.split(",")]
    whole, _, rest = written.partition(".")
    grouped = [whole + rest] if len(rest) == 3 and len(whole) < 4 and whole != "0" else []
    return [_plain(written), *grouped]


def _plain(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


@lru_cache(maxsize=WORDS_REMEMBERED)
def _word(word: str) -> tuple[str, ...]:
    if word.isascii() and word.isalpha():
        return (word,)
    parts = [part for part in _JOINTS.split(word) if part]
    has_apostrophe = "'" in word or "\u2019" in word
    if has_apostrophe:
        # What is left of "it's" or "l'eau" beside the word.
        parts = [part for part in parts if len(part) > 1] or parts
    found = [variant for part in parts for variant in _spellings(part)]
    if 1 < len(parts) <= MOST_PARTS and not has_apostrophe:
        found += _spellings("".join(parts), apart=False)
    return tuple(found)


def _spellings(word: str, *, apart: bool = True) -> list[str]:
    """A word as it stands, without accents, and its letters and digits apart."""
    bare = _without_accents(word)
    found = [word] if bare in {word, ""} else [word, bare]
    if apart and any(map(str.isdigit, word)) and any(map(str.isalpha, word)):
        parts = _LETTERS_OR_DIGITS.findall(word)
        found += parts if 1 < len(parts) <= MOST_PARTS else []
    return found


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    if _CYRILLIC.search(word):
        # The breve of a short i makes another letter; the dots of io are left out in most prints.
        return word.replace("\u0451", "\u0435")
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word)))
