"""Which label a found chunk answers to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ragsight.chunks import Chunk


def references_of(chunk: Chunk) -> Iterator[str]:
    """All references that name a chunk, the narrowest first."""
    yield chunk.id
    source = chunk.source
    places = (chunk.metadata.get("label"), source.part)
    fragments = [str(place) for place in places if place]
    if source.page is not None:
        fragments += dict.fromkeys((f"{source.unit}={source.page}", f"page={source.page}"))
    for fragment in fragments:
        yield f"{source.uri}#{fragment}"
        yield f"{source.name}#{fragment}"
    yield source.uri
    yield source.name


def labelled_ranking(chunks: Sequence[Chunk], labels: Collection[str]) -> list[str]:
    """A ranking of chunks as a ranking of references, each once.

    A chunk counts for the narrowest label that names it and that no chunk above it has answered.
    One whose labels are all answered (a second passage of a page that is labelled as a whole) adds
    nothing and takes no place, as if the best chunk of a place stood for it (MaxP: Dai and Callan,
    2019). A chunk without a label keeps its id, and counts as wrong.

    Args:
        chunks: Best first.
        labels: The references that a query's labels use.

    Returns:
        References, best first.
    """
    ranking: dict[str, None] = {}
    for chunk in chunks:
        named = [reference for reference in references_of(chunk) if reference in labels]
        new = [reference for reference in named if reference not in ranking]
        if new or not named:
            ranking[new[0] if new else chunk.id] = None
    return list(ranking)
