"""What of the sources a request leaves out, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ragsight.chunks import Chunk

DroppedPart = Literal["source", "image", "text"]
DropCause = Literal["overflow", "unreadable", "duplicate", "score", "empty"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something isn't sent.

    Attributes:
        reason: In a few words.
        cause: In one.
    """

    reason: str
    cause: DropCause


@dataclass(frozen=True, slots=True)
class DroppedSource:
    """A source, or a part of one, that the model did not get.

    Attributes:
        chunk: The chunk.
        reason: Why, in a few words.
        part: `image` or `text` if the rest of the source was sent, `source` if nothing was.
        cause: The same as `reason` in one word: there was no room (`overflow`), it can't be opened
            (`unreadable`), another one says the same (`duplicate`), it scored too low (`score`),
            or there is nothing in it (`empty`).
    """

    chunk: Chunk
    reason: str
    part: DroppedPart = "source"
    cause: DropCause = "overflow"

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON-ready values, without image bytes."""
        return {
            "part": self.part,
            "cause": self.cause,
            "reason": self.reason,
            "chunk": self.chunk.to_dict(),
        }
