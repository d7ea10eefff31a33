"""One ranking from those of several wordings of a question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ragsight import Hit, Query


def merge_hits(results: Iterable[Sequence[Hit]], limits: Query) -> list[Hit]:
    """Add up what each wording's ranking says of a chunk.

    Fused scores are sums of what the channels contributed, so sums of them are again: a chunk
    that two wordings find rises above one that only one of them finds.

    Args:
        results: Hits of each wording.
        limits: How many to keep: `k`, or `k_text` and `k_images`.

    Returns:
        Hits, best first; ties break by id.
    """
    merged: dict[str, Hit] = {}
    for hits in results:
        for hit in hits:
            id_ = hit.chunk.id
            merged[id_] = _sum(merged[id_], hit) if id_ in merged else hit
    ranked = sorted(merged.values(), key=lambda hit: (-hit.score, hit.chunk.id))
    return _cut(ranked, limits)


def _sum(one: Hit, other: Hit) -> Hit:
    channels = sorted((*one.channels, *other.channels), key=lambda c: -c.contribution)
    return Hit(one.chunk, one.score + other.score, tuple(channels))


def _cut(hits: Sequence[Hit], limits: Query) -> list[Hit]:
    if limits.k is not None:
        return list(hits[: limits.k])
    left = {False: limits.k_text or 0, True: limits.k_images or 0}
    kept = []
    for hit in hits:
        has_image = hit.chunk.image is not None
        if left[has_image] > 0:
            left[has_image] -= 1
            kept.append(hit)
    return kept
