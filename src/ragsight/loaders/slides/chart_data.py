"""Charts as data, whatever part of the file it came from."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ragsight.loaders.pdf.tables.grids import to_markdown

MOST_ROWS = 200
"""Rows of a chart's data that are written out; what is past them is counted only."""

MOST_SERIES = 255
"""As many as Excel draws in one chart; more are no chart's."""

MOST_POINTS = 10_000
"""Points of a series that are read. A file needs a line only to claim that there are millions."""

MOST_LEVELS = 16
"""Levels of categories, such as year, quarter and month."""

_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_DATE_LETTERS = re.compile(r"[ymdhs]", re.IGNORECASE)
_EPOCH_1900, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_LAST_DAY = 2_958_465
"""31 December 9999, the last date of Excel."""

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ChartData:
    """What a chart shows.

    Attributes:
        kind: What is drawn: `bar`, `line`, `pie`, `scatter`, `waterfall`...; several with `+`.
        title: Its title; empty if it has none.
        axes: Titles of its axes.
        tables: Its data, the first row of each being the header.
        labels: Other words on it.
    """

    kind: str
    title: str = ""
    axes: tuple[str, ...] = ()
    tables: tuple[Rows, ...] = ()
    labels: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Its words and data, the data as Markdown tables."""
        head = f"Chart ({self.kind})" if self.kind else "Chart"
        parts = [f"{head}: {self.title}" if self.title else head]
        parts += [f"Axes: {'; '.join(self.axes)}"] if self.axes else []
        parts += [markdown_rows(rows) for rows in self.tables if rows]
        parts += ["\n".join(self.labels)] if self.labels else []
        return "\n\n".join(parts)


def markdown_rows(rows: Rows) -> str:
    """A table as Markdown; of a long one the first rows, and how many more there are."""
    left_out = len(rows) - 1 - MOST_ROWS
    table = to_markdown(rows[: MOST_ROWS + 1])
    return f"{table}\n\n({left_out} more rows)" if left_out > 0 else table


def shown(value: str, code: str = "", *, from_1904: bool = False) -> str:
    """A stored number as a person would write it.

    Args:
        value: The number as it is stored, such as `4.2999999999999998`.
        code: Excel's format for it; dates and percentages are followed, all else is left plain.
        from_1904: Whether dates count from 1904, as in old files from Macs.

    Returns:
        The value; as it is if it is no number.

    Example:
        >>> shown("4.2999999999999998"), shown("0.25", "0%"), shown("45292", "yyyy-mm-dd")
        ('4.3', '25%', '2024-01-01')
    """
    try:
        amount = float(value)
    except ValueError:
        return " ".join(value.split())
    if not math.isfinite(amount):
        return value.strip()
    plain = _QUOTED.sub("", code)
    if plain.rstrip().endswith("%"):
        return f"{_plain(amount * 100)}%"
    letters = {letter.lower() for letter in _DATE_LETTERS.findall(plain)}
    is_date = "y" in letters or {"d", "m"} <= letters
    if is_date and 0 <= amount <= _LAST_DAY:
        return _date(amount, _EPOCH_1904 if from_1904 else _EPOCH_1900)
    return _plain(amount)


def _plain(amount: float) -> str:
    return f"{amount:.10g}" if abs(amount) < 1e15 else f"{amount:g}"


def _date(days: float, epoch: datetime) -> str:
    try:
        moment = epoch + timedelta(days=days)
    except OverflowError:
        return _plain(days)
    rounded = moment.replace(microsecond=0)
    is_whole = days == math.floor(days)
    return rounded.date().isoformat() if is_whole else rounded.isoformat(" ")


def by_category(
    categories: Sequence[str], series: Sequence[tuple[str, Sequence[str]]], corner: str = ""
) -> Rows:
    """A table with a row for each category and a column for each series."""
    count = max([len(categories), *(len(values) for _, values in series)], default=0)
    if count == 0:
        return ()
    rows = [(corner, *(name for name, _ in series))]
    for index in range(count):
        values = (values[index] if index < len(values) else "" for _, values in series)
        rows.append((categories[index] if index < len(categories) else str(index + 1), *values))
    return tuple(rows)
