"""What a synthesizer returns: the text, what it cites, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ragsight.answer.model.messages import Usage
from ragsight.answer.reply.citations import Span
from ragsight.answer.request.dropped import DroppedSource
from ragsight.chunks import Chunk
from ragsight.images.preparing import PreparedImage

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that an answer cites.

    Attributes:
        n: The number in the answer's markers.
        chunk: The chunk that it stands for.
        spans: Where the markers stand in the answer's text, as in slicing.
        fields: For an answer in the form of a schema, the fields that it supports.

    Example:
        >>> from ragsight.chunks import Chunk, Source
        >>> chunk = Chunk(text="It opens at 3 bar.", source=Source(uri="manual.pdf", page=2))
        >>> citation = Citation(n=1, chunk=chunk, spans=((10, 13),))
        >>> "At 3 bar. [1]"[slice(*citation.spans[0])], str(citation.chunk.source)
        ('[1]', 'manual.pdf, p. 2')
    """

    n: int
    chunk: Chunk
    spans: tuple[Span, ...] = ()
    fields: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The citation as JSON-ready values, without image bytes."""
        return {
            "n": self.n,
            "spans": [list(span) for span in self.spans],
            "fields": list(self.fields),
            "chunk": self.chunk.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class SentImage:
    """An image as the model got it.

    Attributes:
        n: Number of the source that it belongs to.
        image: The bytes, their media type and size.
    """

    n: int
    image: PreparedImage

    def to_dict(self) -> dict[str, Any]:
        """The image's number, type and size as JSON-ready values, without its bytes."""
        return {
            "n": self.n,
            "mime": self.image.mime,
            "width": self.image.width,
            "height": self.image.height,
            "size": len(self.image.data),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A cited answer. Notebooks and `rich` show it with its sources, notebooks with their images.

    Attributes:
        text: The answer, with its `[n]` markers.
        citations: The sources that it cites, in order of first mention.
        sources: The chunks that the model got; `[n]` is `sources[n - 1]`.
        dropped: What it did not get, and why.
        images: The images that were sent.
        abstained: Whether the sources didn't hold the answer, or there were none.
        invalid_citations: Numbers that the model cited and no source has.
        data: The answer in the form of the schema that was asked for.
        usage: Token counts of all requests, where the provider gave them.
        cost: What they cost, where their prices were given.
        model: The model that answered; empty where none was asked.
        finish_reason: `stop`, `length`, `refusal`, `content_filter`, `no_sources`, or the
            provider's own word.
        request_ids: The provider's ids of all requests, where it gave them; the answer's is last.
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
    images: tuple[SentImage, ...] = ()
    abstained: bool = False
    invalid_citations: tuple[int, ...] = ()
    data: Any = None
    usage: Usage | None = None
    cost: float | None = None
    model: str = ""
    finish_reason: str = "stop"
    request_ids: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text

    @property
    def request_id(self) -> str | None:
        """The provider's id of the last request, where it gave one."""
        return self.request_ids[-1] if self.request_ids else None

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready values, without image bytes."""
        data = self.data
        return {
            "text": self.text,
            "abstained": self.abstained,
            "citations": [citation.to_dict() for citation in self.citations],
            "sources": [chunk.to_dict() for chunk in self.sources],
            "dropped": [entry.to_dict() for entry in self.dropped],
            "images": [image.to_dict() for image in self.images],
            "invalid_citations": list(self.invalid_citations),
            "data": data.model_dump(mode="json") if hasattr(data, "model_dump") else data,
            "usage": None if self.usage is None else self.usage.to_dict(),
            "cost": self.cost,
            "model": self.model,
            "finish_reason": self.finish_reason,
            "request_id": self.request_id,
            "request_ids": list(self.request_ids),
            "warnings": list(self.warnings),
        }

    def to_html(self, *, title: str = "Answer") -> str:
        """The answer as a page that needs nothing beside it, with the cited images inline."""
        from ragsight.answer.reply.view import answer_page

        return answer_page(self, title=title)

    def _repr_html_(self) -> str:
        from ragsight.answer.reply.view import answer_html

        return answer_html(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Show the answer in a terminal: text, cited sources, warnings."""
        from ragsight.answer.reply.view import answer_lines

        yield from answer_lines(self)
