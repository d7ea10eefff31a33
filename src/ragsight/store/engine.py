"""What the store asks of a vector engine; the two that there are speak it alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from qdrant_client import models

from ragsight.encoders import FloatArray, SparseVector
from ragsight.store.schema import Collection

Vector = FloatArray | SparseVector


@dataclass(frozen=True, slots=True)
class Point:
    """A point to write: its vectors by name (none at all is allowed) and its payload."""

    id: str
    payload: Mapping[str, Any]
    vectors: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VectorSearch:
    """One ranking to ask for."""

    using: str
    vector: Vector
    limit: int
    filter: models.Filter | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A point that was found."""

    id: str
    score: float
    payload: Mapping[str, Any]


Payloads = list[Mapping[str, Any]]


class Engine(Protocol):
    """Two collections of points, on disk, in memory or on a server."""

    @property
    def place(self) -> str:
        """Where the data is, for messages."""
        ...

    def read_profile(self) -> Mapping[str, Any] | None:
        """What the index was made with; None where there is no index."""
        ...

    def create(self, profile: Mapping[str, Any]) -> None:
        """Make both collections."""
        ...

    def start(self) -> None:
        """Open collections that exist."""
        ...

    def upsert(self, collection: Collection, points: Sequence[Point]) -> None:
        """Write points; on return they survive a crash."""
        ...

    def delete(self, collection: Collection, ids: Sequence[str]) -> None:
        """Remove points; ids that aren't there are ignored."""
        ...

    def search(self, collection: Collection, searches: Sequence[VectorSearch]) -> list[list[Found]]:
        """Run rankings in one round trip: best first, ties by id."""
        ...

    def retrieve(self, collection: Collection, ids: Sequence[str]) -> Payloads:
        """Payloads of the points that exist, in any order."""
        ...

    def vector(self, collection: Collection, point: str, using: str) -> FloatArray | None:
        """One dense vector of a point, if it has it."""
        ...

    def scroll(
        self,
        collection: Collection,
        *,
        filter: models.Filter | None,
        limit: int,
        offset: str | None = None,
    ) -> tuple[Payloads, str | None]:
        """A page of payloads in the order of ids, and where the next page starts."""
        ...

    def count(self, collection: Collection, filter: models.Filter | None = None) -> int:
        """How many points match, exactly."""
        ...

    def optimize(self) -> None:
        """Build what makes search fast; blocks, so call it at the end of a large ingest."""
        ...

    def close(self) -> None:
        """Release files and connections; a second call does nothing."""
        ...


def ranked(points: Sequence[Found]) -> list[Found]:
    """Sort by score, then id: engines differ in how they order ties."""
    return sorted(points, key=lambda point: (-point.score, point.id))
