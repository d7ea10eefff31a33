"""Number sources and name them, the same way in a prompt and on a screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ragsight.answer.request.sanitize import sanitize
from ragsight.chunks import Chunk, Source
from ragsight.images import ImageSource, image_ref
from ragsight.retrieval.hits import Hit

Evidence: TypeAlias = Hit | Chunk
"""Something to answer from."""

CAPTION_CHARS = 300
EXCERPT_CHARS = 240


@dataclass(frozen=True, slots=True)
class CitedSource:
    """A numbered source, ready to show.

    Attributes:
        n: Its number, from 1; what `[n]` in an answer means.
        chunk: The chunk.
        label: `[1] (figure, manual.pdf, p. 4): Figure 3. The valve`.
        caption: The label's last part, empty where the chunk has no caption or name.
        excerpt: The beginning of the chunk's text on one line; empty if the caption says it all.

    Example:
        >>> from ragsight.chunks import Source
        >>> chunk = Chunk(text="Open the valve.", source=Source(uri="manual.pdf", page=4))
        >>> [(cited.label, cited.excerpt) for cited in cite_sources([chunk])]
        [('[1] (text, manual.pdf, p. 4)', 'Open the valve.')]
    """

    n: int
    chunk: Chunk
    label: str
    caption: str
    excerpt: str


def chunk_of(source: Evidence) -> Chunk:
    """The chunk of a hit, or the chunk itself."""
    return source.chunk if isinstance(source, Hit) else source


def question_image(image: ImageSource) -> Chunk:
    """An image that belongs to a question, as a source to put before what was found for it.

    Args:
        image: The image.

    Raises:
        SourceNotFoundError: If there is no such file.
        ImageError: If it can't be opened.

    Example:
        >>> from PIL import Image
        >>> cite_sources([question_image(Image.new("RGB", (8, 8)))])[0].label
        '[1] (image, question): The image in the question'
    """
    return Chunk(
        image=image_ref(image),
        source=Source(uri="question"),
        kind="image",
        metadata={"label": "The image in the question"},
    )


def cite_sources(
    sources: Sequence[Evidence], *, excerpt_chars: int = EXCERPT_CHARS
) -> tuple[CitedSource, ...]:
    """Number sources from 1 in their order and label them.

    Args:
        sources: Hits or chunks.
        excerpt_chars: Longest excerpt.

    Returns:
        One entry for each source.
    """
    return tuple(
        cite_source(n, chunk_of(source), excerpt_chars=excerpt_chars)
        for n, source in enumerate(sources, start=1)
    )


def cite_source(n: int, chunk: Chunk, *, excerpt_chars: int = EXCERPT_CHARS) -> CitedSource:
    """Label one source with a number."""
    caption = _caption(chunk)
    text = _one_line(chunk.text)
    return CitedSource(
        n=n,
        chunk=chunk,
        label=f"[{n}] {place(chunk)}" + (f": {caption}" if caption else ""),
        caption=caption,
        excerpt="" if sanitize(text).rstrip(".:") in caption else _cut(text, excerpt_chars),
    )


def place(chunk: Chunk) -> str:
    """What a chunk is and where, as `(figure, manual.pdf, p. 4)`."""
    # The kind, too: an index may have been written by someone else.
    return sanitize(f"({_one_line(str(chunk.kind))}, {_one_line(str(chunk.source))})")


def _caption(chunk: Chunk) -> str:
    metadata = chunk.metadata
    name = next((str(metadata[k]) for k in ("label", "name", "title") if metadata.get(k)), "")
    caption = _one_line(str(metadata.get("caption") or ""))
    name = _one_line(name)
    if not caption.startswith(name):
        caption = f"{name.rstrip('.:')}. {caption}" if caption else name
    return sanitize(_cut(caption or name, CAPTION_CHARS))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
