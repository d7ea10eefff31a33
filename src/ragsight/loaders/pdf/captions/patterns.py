"""Recognise captions: "Figure 3: ...", "Fig. 3. ...", "Abbildung 3 - ...", "表 1 ..."."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

CaptionKind = Literal["figure", "table"]

_FIGURE_WORDS = (
    # Longer words first: an alternation takes the first that fits.
    "supplementary figure|extended data figure|figures?|fig|figura|figuur|figur|abbildung|abb|"
    "bild|image|chart|diagram|diagramme|graphique|grafik|gráfico|gráfica|grafico|plate|photo|"
    "scheme|schéma|schema|exhibit|illustration|рисунок|рис|рисунка|rysunek|rys|obrázek|obr|şekil|"
    "kuva|kuvio|ábra|figúra|σχήμα|εικόνα|hình|gambar|rajah|ilustración|ilustração|ilustracja|"
    "ilustrace|lámina|planche|slika|joonis|obrazok|obrázok"
)
_TABLE_WORDS = (
    "supplementary table|tables?|tab|tabelle|tabela|tabella|tableau|tabla|taulukko|tabell|"
    "tabel|таблица|табл|tabulka|tablo|táblázat|πίνακας|bảng|cuadro|quadro|tavola|tav|taula|tafel|"
    "tabuľka|tablica|jadual"
)
_CJK_FIGURE = "図|图|圖|그림"
_CJK_TABLE = "表|표"
_NUMBER = (
    r"(?:[A-Z]{1,2}[.\-\u2013]?)?\d{1,4}(?:[.\-\u2013]\d{1,4}){0,3}[a-z]?|[IVXL]{1,6}(?![A-Za-z])"
)
_LABEL = re.compile(
    rf"""^\s*
    (?P<label>
      (?:(?P<figure>{_FIGURE_WORDS})|(?P<table>{_TABLE_WORDS}))\b\.?\s*(?:(?:no|nr)\.\s*)?
      (?P<number>{_NUMBER})
    | (?:(?P<cjk_figure>{_CJK_FIGURE})|(?P<cjk_table>{_CJK_TABLE}))\s*(?P<cjk_number>{_NUMBER})
    )
    (?P<rest>.*)$""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_MARK = re.compile(r"^\s*[:.|\uff1a\uff0e\u3002\u2013\u2014)\-]\s*")
_DOT_LEADER = re.compile(r"(?:\.\s?){4,}\s*\w{1,6}\s*$|…\s*\w{1,6}\s*$")


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption's parts.

    Attributes:
        kind: Of a figure or of a table.
        label: As printed, without the mark behind it: `Figure 3`, `Fig. 3`.
        number: `3`, `A.2`, `IV`.
        text: All of it, white space made single.
    """

    kind: CaptionKind
    label: str
    number: str
    text: str


def parse_caption(text: str) -> Caption | None:
    """Read a text as a caption.

    The label must open the text, and be followed by a mark (`:` `.` `|` and such), by a word that
    doesn't start with a small letter, or by nothing: "Figure 3 shows the pump" is no caption. A
    line of a list of figures (with a row of dots and a page number) isn't one either.

    Args:
        text: A paragraph; may span lines.

    Returns:
        The parts, or None.

    Example:
        >>> parse_caption("Fig. 3. The pump.").label
        'Fig. 3'
        >>> parse_caption("Figure 3 shows the pump.") is None
        True
    """
    words = " ".join(text.split())
    match = _LABEL.match(words)
    if match is None or _DOT_LEADER.search(words) or not _opens_caption(match):
        return None
    is_figure = match["figure"] is not None or match["cjk_figure"] is not None
    return Caption(
        kind="figure" if is_figure else "table",
        label=match["label"].strip(),
        number=match["number"] if match["number"] is not None else match["cjk_number"],
        text=words,
    )


def _opens_caption(match: re.Match[str]) -> bool:
    label, rest = match["label"], match["rest"]
    if not label[0].isupper() and label[0].lower() != label[0].upper():
        # A line of prose may start with "figure 3." because the line broke there.
        return False
    if not rest.strip():
        return True
    if _MARK.match(rest):
        # "Figure 3.5" and "Figure 3-a" are numbers cut short, not marks.
        return not re.match(r"^[.\-\u2013]\w", rest) or bool(re.match(r"^\.[^\W\d_a-z]", rest))
    if not rest[0].isspace():
        return match["cjk_number"] is not None and not rest[0].isalnum()
    word = rest.split()[0]
    return not word[0].islower() and any(character.isalpha() for character in rest)


def mention_pattern(caption: Caption) -> re.Pattern[str]:
    """What finds a figure or table in running text, whatever its word is shortened to."""
    words = (
        f"{_FIGURE_WORDS}|figs|{_CJK_FIGURE}"
        if caption.kind == "figure"
        else f"{_TABLE_WORDS}|{_CJK_TABLE}"
    )
    number = re.escape(caption.number)
    return re.compile(rf"(?<!\w)(?:{words})\.?\s*{number}(?![\w])(?![.\-\u2013]\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mention:
    """A figure or table that a text names.

    Attributes:
        kind: Figure or table.
        number: As `Caption.number`, in one spelling: see `plain_number`.
        label: As written: `Fig. 3`.
    """

    kind: CaptionKind
    number: str
    label: str


_KINDS: dict[str, CaptionKind] = {
    **{word.removesuffix("s?").split()[-1]: "figure" for word in _FIGURE_WORDS.split("|")},
    **{word.removesuffix("s?").split()[-1]: "table" for word in _TABLE_WORDS.split("|")},
    **{"figures": "figure", "figs": "figure", "tables": "table", "tabs": "table"},
}
_CJK_KINDS: dict[str, CaptionKind] = {
    **dict.fromkeys(_CJK_FIGURE.split("|"), "figure"),
    **dict.fromkeys(_CJK_TABLE.split("|"), "table"),
}
_NAMED = re.compile(
    rf"(?P<word>[^\W\d_]+)\.?\s{{0,2}}(?P<first>{_NUMBER})(?P<more>(?:\s?(?:,|&|-|\u2013|and|und|et|y|to)"
    rf"\s?(?:{_NUMBER})(?![\w%]))*)"
)
_MORE = re.compile(rf"(?P<joint>,|&|-|\u2013|[a-z]+)\s?(?P<number>{_NUMBER})")
_JOINED = re.compile(r"(\d+)([-\u2013])(\d+)$")

_MOST_IN_RANGE = 20
"""Figures that "3-5" may stand for; with more, "Figures 3-1998" names thousands, with fewer, the
middle of long ranges isn't linked."""


def plain_number(number: str) -> str:
    """A figure's number in one spelling: `3.A`, `3-a` and `3\u2013A` are the same."""
    return re.sub(r"[.\-\u2013]", ".", number).lower()


def mentions_in(text: str) -> list[Mention]:
    """The figures and tables that a text names, each once, in order.

    Example:
        >>> [mention.label for mention in mentions_in("See Figs. 3 and 4, and Table 2.")]
        ['Figs. 3', 'Figs. 4', 'Table 2']
    """
    found: dict[tuple[CaptionKind, str], Mention] = {}
    for match in _NAMED.finditer(text):
        kind = _kind_of(match["word"])
        if kind is None:
            continue
        word = text[match.start("word") : match.start("first")].strip()
        first, more = match["first"], match["more"]
        if word.rstrip(".").endswith("s") and (joined := _JOINED.match(first)):
            # "Figures 3-5" are three, and "Figure 3-5" is the fifth of chapter 3.
            first, more = joined[1], f"{joined[2]}{joined[3]}{more}"
        for number in _numbers(first, more):
            key = (kind, plain_number(number))
            found.setdefault(key, Mention(kind, key[1], f"{word} {number}"))
    return list(found.values())


def _kind_of(word: str) -> CaptionKind | None:
    return _KINDS.get(word.lower()) or _CJK_KINDS.get(word[-1]) or _CJK_KINDS.get(word[-2:])


def _numbers(first: str, more: str) -> list[str]:
    numbers = [first]
    for match in _MORE.finditer(more):
        last, number = numbers[-1], match["number"]
        is_range = match["joint"] in {"-", "\u2013", "to"} and last.isdigit() and number.isdigit()
        if is_range and int(last) < int(number) <= int(last) + _MOST_IN_RANGE:
            numbers += [str(n) for n in range(int(last) + 1, int(number))]
        numbers.append(number)
    return numbers
