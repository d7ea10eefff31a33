"""Compare found regions with labelled ones: overlap, one-to-one matches, captions."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

Box = tuple[float, float, float, float]

LABELS = Path(__file__).parent / "labels"
SAME_REGION = 0.7
SAME_CAPTION = 0.8
INSIDE = 0.5


@dataclass(frozen=True)
class Region:
    """A figure or table, found or labelled; boxes in points, rotation applied."""

    page: int
    bbox: Box
    label: str | None = None
    caption: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Labels:
    """What stands on the labelled pages of a document."""

    document: str
    pages: tuple[int, ...]
    figures: tuple[Region, ...]
    tables: tuple[Region, ...]


@dataclass
class Match:
    """Found and labelled regions on some pages, paired where they are the same."""

    pairs: list[tuple[Region, Region]] = field(default_factory=list)
    missed: list[Region] = field(default_factory=list)
    wrong: list[Region] = field(default_factory=list)

    def add(self, other: Match) -> None:
        """Take in the results of another document."""
        self.pairs += other.pairs
        self.missed += other.missed
        self.wrong += other.wrong


def all_labels() -> list[Labels]:
    """The label files, by name."""
    return [read_labels(path) for path in sorted(LABELS.glob("*.json"))]


def read_labels(path: Path) -> Labels:
    """One label file."""
    data = json.loads(path.read_text("utf-8"))
    regions = {key: tuple(_region(item) for item in data[key]) for key in ("figures", "tables")}
    return Labels(data["document"], tuple(data["pages"]), **regions)


def _region(item: dict[str, Any]) -> Region:
    return Region(
        item["page"], tuple(item["bbox"]), item["label"], item["caption"], item.get("kind")
    )


def area(box: Box) -> float:
    """Area of a box; 0 where it is inside out."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def shared(a: Box, b: Box) -> float:
    """Area that two boxes share."""
    return area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    both = shared(a, b)
    union = area(a) + area(b) - both
    return both / union if union else 0.0


def match(found: Iterable[Region], labelled: Sequence[Region]) -> Match:
    """Pair regions one to one, the best overlaps first, down to `SAME_REGION`."""
    found = list(found)
    candidates = [
        (overlap(have.bbox, want.bbox), f, w)
        for f, have in enumerate(found)
        for w, want in enumerate(labelled)
        if have.page == want.page
    ]
    used_found: set[int] = set()
    used_labelled: set[int] = set()
    result = Match()
    for score, f, w in sorted(candidates, reverse=True):
        if score >= SAME_REGION and f not in used_found and w not in used_labelled:
            used_found.add(f)
            used_labelled.add(w)
            result.pairs.append((found[f], labelled[w]))
    result.missed = [region for w, region in enumerate(labelled) if w not in used_labelled]
    result.wrong = [region for f, region in enumerate(found) if f not in used_found]
    return result


def lies_in(region: Region, others: Iterable[Region]) -> bool:
    """Whether most of a region lies in one of some others."""
    return any(
        region.page == other.page and shared(region.bbox, other.bbox) >= INSIDE * area(region.bbox)
        for other in others
    )


_PREFIX = re.compile(r"^\W*(?:\w+\.?\s+)([\dIVX]+(?:\.\d+)*)\s*[:.|\u2013\u2014-]?\s*")
_NUMBER = re.compile(r"(\d+(?:\.\d+)*|[IVX]+)\W*$")


def number_of(label: str | None) -> str | None:
    """The number of a label: the same for `Fig. 3`, `FIG. 3.` and `Figure 3:`."""
    found = _NUMBER.search(label) if label else None
    return found.group(1) if found else None


def words_of(text: str, label: str | None) -> str:
    """A caption's letters and digits, without its label, case and ligatures."""
    plain = unicodedata.normalize("NFKC", text)
    if label is not None:
        plain = _PREFIX.sub("", plain, count=1)
    return "".join(ch for ch in plain.casefold() if ch.isalnum())


def same_caption(found: Region, labelled: Region) -> bool:
    """Whether number and words agree, as far as the label file gives the words."""
    if number_of(found.label) != number_of(labelled.label) or not found.caption:
        return False
    want = words_of(labelled.caption or "", None)
    have = words_of(found.caption, found.label)[: len(want)]
    return SequenceMatcher(None, want, have, autojunk=False).ratio() >= SAME_CAPTION
