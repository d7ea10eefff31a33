"""What a synthesizer returns: the text, what it cites, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ragsight.answer.citations import Span
from ragsight.answer.request import Usage
from ragsight.chunks import Chunk

DroppedPart = Literal["source", "image", "text"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that an answer cites.

    Attributes:
        n: The number in the answer's markers.
        chunk: The chunk that it stands for.
        spans: Where the markers stand in the answer's text, as in slicing.
    """

    n: int
    chunk: Chunk
    spans: tuple[Span, ...]

    def to_dict(self) -> dict[str, Any]:
        """The citation as JSON-ready values, without image bytes."""
        return {
            "n": self.n,
            "spans": [list(span) for span in self.spans],
            "chunk": self.chunk.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class DroppedSource:
    """A source, or a part of one, that the model did not get.

    Attributes:
        chunk: The chunk.
        reason: Why, in a few words.
        part: `image` or `text` if the rest of the source was sent, `source` if nothing was.
    """

    chunk: Chunk
    reason: str
    part: DroppedPart = "source"

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON-ready values, without image bytes."""
        return {"part": self.part, "reason": self.reason, "chunk": self.chunk.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A cited answer.

    Attributes:
        text: The answer, with its `[n]` markers.
        citations: The sources that it cites, in order of first mention.
        sources: The chunks that the model got; `[n]` is `sources[n - 1]`.
        dropped: What it did not get, and why.
        abstained: Whether the sources didn't hold the answer, or there were none.
        invalid_citations: Numbers in the text that no source has.
        usage: Token counts, where the provider gave them.
        model: The model that answered; empty where none was asked.
        finish_reason: `stop`, `length`, `refusal`, `content_filter`, `no_sources`, or the
            provider's own word.
        request_id: The provider's id of the request, where it gave one.
        warnings: What a reader of the answer should know.

    Example:
        >>> answer = Answer(text="Nothing was found.", abstained=True)
        >>> answer.abstained, answer.citations
        (True, ())
    """

    text: str
    citations: tuple[Citation, ...] = ()
    sources: tuple[Chunk, ...] = ()
    dropped: tuple[DroppedSource, ...] = ()
    abstained: bool = False
    invalid_citations: tuple[int, ...] = ()
    usage: Usage | None = None
    model: str = ""
    finish_reason: str = "stop"
    request_id: str | None = None
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready values, without image bytes."""
        return {
            "text": self.text,
            "abstained": self.abstained,
            "citations": [citation.to_dict() for citation in self.citations],
            "sources": [chunk.to_dict() for chunk in self.sources],
            "dropped": [entry.to_dict() for entry in self.dropped],
            "invalid_citations": list(self.invalid_citations),
            "usage": None if self.usage is None else self.usage.to_dict(),
            "model": self.model,
            "finish_reason": self.finish_reason,
            "request_id": self.request_id,
            "warnings": list(self.warnings),
        }
