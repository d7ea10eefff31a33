"""Fields of forms as text: each as its label and its value, whether or not it shows the value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import height, shared_x, shared_y
from ragsight.loaders.pdf.page.page import FormField, Line, Page

YES, NO = "yes", "no"
"""What a check mark and its absence are called."""

_EDGE = 3.0
"""Points by which a label may reach into its field, and a value out of it; with more, neighbours'
words are taken, with less, values in large type aren't known as such."""

_BESIDE, _BESIDE_MARK = 260.0, 40.0
"""Points between a field, or a check box, and its label; with more, fields without a label take
one across the page, with less, dotted rows lose theirs."""

_ABOVE = 16.0
"""Points between a field and the label above it; with more, a heading is taken for a label."""

_LONGEST_LABEL = 120
"""Characters; longer lines are text."""

_WORDS = re.compile(r"[^\W\d_]{2,}")
_PATH = re.compile(r".*[.\]]")
_INVENTED = re.compile(
    r"^(?:(?:text|check|radio|combo|list|drop|form|field|feld|champ|button|untitled|undefined|fill)"
    r"[ _-]*(?:box|field|button|down|feld)?[ _-]*)?[a-z]?[\d_\W]*(?:\[\d+\])?$",
    re.IGNORECASE,
)
"""Names that a program gave: `Text1`, `f1_01`, `Check Box 3`."""


def with_fields(page: Page) -> Page:
    """The page with each of its fields as a line `label: value`.

    What a field shows is left out in favour of that line; empty fields leave their labels as they
    are. A value that no label stands beside gets the name that the file has for it, if a person
    chose that.
    """
    if not page.fields:
        return page
    shown, kept = _taken_apart(page)
    values: dict[int, list[str]] = {}
    alone: list[tuple[FormField, str]] = []
    for number, field in enumerate(page.fields):
        value = _value(field, shown[number])
        if not value:
            continue
        label = _label_of(field, kept, page.fields)
        if label is None:
            alone.append((field, value))
        else:
            values.setdefault(label, []).append(value)
            kept[label] = replace(kept[label], bbox=_around(kept[label].bbox, field.bbox))
    block = max((line.block for line in page.lines), default=0)
    lines: list[Line] = []
    for number, line in sorted(kept.items()):
        if number not in values:
            lines.append(line)
            continue
        block += 1
        text = _labelled(line.text, " ".join(values[number]))
        lines.append(replace(line, text=text, block=block, is_field=True))
    for field, value in alone:
        block += 1
        size = min(12.0, max(6.0, 0.7 * height(field.bbox)))
        text = _labelled(_given_name(field.name), value)
        lines.append(Line(text, field.bbox, size, block=block, is_field=True))
    return replace(page, lines=tuple(lines))


def with_field_words(words: Sequence[Line], page: Page) -> tuple[Line, ...]:
    """A page's words with the values that fields hold but don't show, and check marks as words."""
    found = list(words)
    for field in page.fields:
        inside = [word for word in found if _is_inside(word.bbox, field.bbox)]
        text = "".join(word.text for word in inside)
        value = _value(field, inside)
        if field.is_secret:
            gone = {id(word) for word in inside}
            found = [word for word in found if id(word) not in gone]
        if not value or (field.checked is None and _plain(value) == _plain(text)):
            continue
        if all(_is_of(word, field) for word in inside):
            gone = {id(word) for word in inside}
            found = [word for word in found if id(word) not in gone]
            found.append(Line(value, field.bbox, size=0.0))
    return tuple(found)


def _taken_apart(page: Page) -> tuple[list[list[Line]], dict[int, Line]]:
    """What each field shows of its value, and the lines that are the page's own."""
    shown: list[list[Line]] = [[] for _ in page.fields]
    kept = {}
    for number, line in enumerate(page.lines):
        for position, field in enumerate(page.fields):
            if _is_inside(line.bbox, field.bbox) and _is_of(line, field):
                shown[position].append(line)
                break
        else:
            kept[number] = line
    return shown, kept


def _is_inside(box: BBox, field: BBox) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    is_within = field[0] - _EDGE <= x <= field[2] + _EDGE and field[1] <= y <= field[3]
    return is_within and box[0] >= field[0] - _EDGE


def _is_of(line: Line, field: FormField) -> bool:
    if field.checked is not None:
        return len(line.text.strip()) <= 2
    return field.is_choice or field.is_secret or _plain(line.text) in _plain(field.value)


def _value(field: FormField, shown: Sequence[Line]) -> str:
    if field.checked is not None:
        return YES if field.checked else NO
    if field.is_secret:
        return ""
    if field.is_choice and shown:
        # The file holds what a program wants to know: `DE` where the form shows `Germany`.
        return " ".join(" ".join(line.text for line in shown).split())
    return " ".join(field.value.split())


def _label_of(field: FormField, lines: dict[int, Line], fields: Sequence[FormField]) -> int | None:
    """The line that says what a field is for: beside it, else above it."""
    box = field.bbox
    left: list[tuple[float, int]] = []
    right: list[tuple[float, int]] = []
    above: list[tuple[float, int]] = []
    for number, line in lines.items():
        if not line.horizontal or len(line.text) > _LONGEST_LABEL or not line.text.strip():
            continue
        if shared_y(line.bbox, box) > 0.5:
            if -_EDGE <= box[0] - line.bbox[2] <= _BESIDE:
                left.append((box[0] - line.bbox[2], number))
            elif -_EDGE <= line.bbox[0] - box[2] <= _BESIDE_MARK:
                right.append((line.bbox[0] - box[2], number))
        elif -_EDGE <= box[1] - line.bbox[3] <= _ABOVE and shared_x(line.bbox, box) > 0.5:
            above.append((box[1] - line.bbox[3], number))
    before = min(left, default=None)
    if before is not None and _is_parted(lines[before[1]].bbox, box, fields):
        before = None
    if field.checked is not None:
        after = min(right, default=None)
        names = before is not None and lines[before[1]].text.rstrip().endswith((":", "?"))
        near = before if before is not None and (names or before[0] <= _BESIDE_MARK) else None
        chosen = near if names or after is None else after
    else:
        chosen = before if before is not None else min(above, default=None)
    return None if chosen is None else chosen[1]


def _is_parted(label: BBox, box: BBox, fields: Sequence[FormField]) -> bool:
    """Whether a check box stands between a field and what might be its label."""
    return any(
        other.checked is not None
        and other.bbox != box
        and shared_y(other.bbox, box) > 0.5
        and label[2] - _EDGE <= other.bbox[0] < box[0]
        for other in fields
    )


def _labelled(label: str, value: str) -> str:
    label = " ".join(label.split())
    if not label:
        return value
    return f"{label} {value}" if label.endswith((":", "?", "\uff1a")) else f"{label}: {value}"


def _given_name(name: str) -> str:
    """A field's name, if it says something: programs number them."""
    last = _PATH.sub("", name.strip()) or name.strip()
    return "" if _INVENTED.match(last) or not _WORDS.search(last) else last.replace("_", " ")


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _around(label: BBox, field: BBox) -> BBox:
    """A label and the part of its field that stands in its row, or just below."""
    left, right = min(label[0], field[0]), max(label[2], field[2])
    return left, min(label[1], field[1]), right, max(label[3], field[3])
