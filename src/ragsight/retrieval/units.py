"""Pages and documents as results: what all that was found of them says together. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from ragsight.chunks import NAMESPACE, Chunk, Source
from ragsight.retrieval.fusion import Fused
from ragsight.retrieval.hits import Hit

Unit = Literal["chunk", "page", "document"]
"""What a hit is: a chunk as it was indexed, a page or slide, or a file."""

PageKey: TypeAlias = tuple[str, int]
"""URI and number of a page."""

PAGE_WEIGHT = 0.4
"""The share of the scores of a page's other chunks that is added to its best one.

A page that was found by several of its passages and figures holds the answer more often than one
that shares a single passage's words (`benchmarks/README.md` measures it: from .3 to .5 nothing
changes beyond chance; above 1 many weak passages outvote a good one)."""

SUPPORTERS = 3
"""Other chunks of a page that count: with more, long pages win by their length."""

EVIDENCE = 5
"""Chunks that a hit of a page or document keeps; a model is sent no more of one page."""


def support(scores: Sequence[float], weight: float) -> float:
    """What the others add to the best of several scores.

    Args:
        scores: Best first.
        weight: The share of each that is added.

    Example:
        >>> support([1.0, 0.5, 0.25], weight=0.4)
        0.3
    """
    others = [score for score in scores[1 : SUPPORTERS + 1] if score > 0]
    return round(weight * sum(others), 12)


def with_page_support(
    fused: Sequence[Fused], pages: Mapping[str, PageKey], weight: float
) -> list[Fused]:
    """Raise the best chunk of each page by what else was found of the page.

    Args:
        fused: Best first.
        pages: The page of each id that stands on one.
        weight: The share of the others' scores that is added.

    Returns:
        The same ids, best first.
    """
    scores: dict[PageKey, list[float]] = {}
    for item in fused:
        if (page := pages.get(item.id)) is not None:
            scores.setdefault(page, []).append(item.score)
    raised: list[Fused] = []
    done: set[PageKey] = set()
    for item in fused:
        page = pages.get(item.id)
        if page is None or page in done:
            raised.append(item)
            continue
        done.add(page)
        added = support(scores[page], weight)
        raised.append(replace(item, score=item.score + added, support=added))
    return sorted(raised, key=lambda item: (-item.score, item.id))


def page_of(source: Source) -> PageKey | None:
    """The page that something stands on, if it stands on one."""
    return None if source.page is None else (source.uri, source.page)


def fold(
    hits: Sequence[Hit], unit: Unit, wholes: Mapping[PageKey, Chunk], weight: float
) -> list[Hit]:
    """Make hits of pages or documents out of hits of chunks.

    Args:
        hits: Of chunks, best first.
        unit: `page` or `document`; what stands on no page is a unit of its own.
        wholes: The chunks that are whole pages or slides, where the index has them.
        weight: The share of the other evidence's scores that counts.

    Returns:
        Hits best first, each with its evidence.
    """
    groups: dict[object, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(_key(hit.chunk, unit), []).append(hit)
    folded = [_folded(group, unit, wholes, weight) for group in groups.values()]
    return sorted(folded, key=lambda hit: (-hit.score, hit.chunk.id))


def unfold(hit: Hit) -> list[Hit]:
    """What a model is sent of a page or document: its evidence, and the picture of the page.

    The evidence holds the words already, so the whole page comes along without its text, and only
    where there is a picture of it. A hit of a chunk stays as it is.
    """
    if not hit.evidence:
        return [hit]
    best = hit.evidence[0].score
    scale = hit.score / best if best > 0 else 1.0
    parts = [replace(part, score=part.score * scale) for part in hit.evidence]
    if hit.chunk.image is not None and all(part.chunk.id != hit.chunk.id for part in parts):
        picture = replace(hit.chunk, text="", id=hit.chunk.id)
        parts.insert(1, replace(parts[0], chunk=picture))
    return parts


def _key(chunk: Chunk, unit: Unit) -> object:
    if unit == "document":
        return chunk.source.uri
    page = page_of(chunk.source)
    return chunk.id if page is None else page


def _folded(
    group: Sequence[Hit], unit: Unit, wholes: Mapping[PageKey, Chunk], weight: float
) -> Hit:
    best = group[0]
    added = support([hit.score for hit in group], weight)
    page = page_of(best.chunk.source)
    if unit == "document":
        chunk = _made(group, "document", Source(uri=best.chunk.source.uri))
    elif page is None:
        chunk = best.chunk
    elif page in wholes:
        chunk = wholes[page]
    else:
        source = best.chunk.source
        place = replace(source, bbox=None, section=(), part="")
        chunk = _made(group, "page", place)
    return Hit(
        chunk, best.score + added, best.channels, support=added, evidence=tuple(group[:EVIDENCE])
    )


def _made(group: Sequence[Hit], kind: Literal["page", "document"], place: Source) -> Chunk:
    """A page or document that isn't indexed as such: its best evidence, in reading order."""
    found = [hit.chunk for hit in group[:EVIDENCE]]
    ordered = sorted(found, key=_reading_order)
    text = "\n\n".join(dict.fromkeys(chunk.text for chunk in ordered if chunk.text.strip()))
    id_ = str(uuid.uuid5(NAMESPACE, f"{kind} {place.uri} {place.page}"))
    return Chunk(text=text, source=place, kind=kind, id=id_)


def _reading_order(chunk: Chunk) -> tuple[int, int, float, float]:
    order = chunk.metadata.get("order")
    left, top = chunk.source.bbox[:2] if chunk.source.bbox is not None else (0.0, 0.0)
    page = chunk.source.page if chunk.source.page is not None else 0
    return page, order if isinstance(order, int) else 0, top, left
