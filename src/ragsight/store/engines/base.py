"""What the store asks of a vector engine; the two that there are speak it alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from ragsight.encoders import Vector
from ragsight.errors import StoreError
from ragsight.spaces import Collection
from ragsight.steps import Steps
from ragsight.store.schema import IndexKind

if TYPE_CHECKING:
    from qdrant_client import models

T = TypeVar("T")

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Point:
    """A point: its payload, and its vectors by name (none at all is allowed)."""

    id: str
    payload: Payload
    vectors: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VectorSearch:
    """One ranking to ask for.

    Attributes:
        using: Name of the vector.
        vector: What to be near to.
        limit: How many points at the most.
        filter: What they must fulfil.
        threshold: Least score of a point.
        with_payload: Whether the points come with their payloads.
    """

    using: str
    vector: Vector
    limit: int
    filter: models.Filter | None = None
    threshold: float | None = None
    with_payload: bool = True


class ScoredPoint(NamedTuple):
    """A point that was found; its payload is None if it wasn't asked for."""

    id: str
    score: float
    payload: Payload | None = None


class Engine(Protocol):
    """Two collections of points, on disk, in memory or on a server; all methods give steps."""

    @property
    def place(self) -> str:
        """Where the data is, for messages."""
        ...

    @property
    def parallel(self) -> int:
        """How many calls may be under way at once."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether each call is a trip over a network: fewer and larger ones are better."""
        ...

    def check_process(self) -> None:
        """Refuse where this process can't use it, before anything is encoded for it.

        Raises:
            StoreError: If this process is a fork of the one that opened an embedded index.
        """
        ...

    def has(self, collection: Collection) -> bool:
        """Whether there is such a collection; ours are both there, foreign ones may not be."""
        ...

    @property
    def holder(self) -> str:
        """The name of what holds the points, as it was opened: a copy of an index has another."""
        ...

    def true_holder(self) -> Steps[str]:
        """The name of what holds the points, whatever else it was opened by."""
        ...

    def read_profile(self) -> Steps[Payload | None]:
        """What the index was made with; None where there is no index."""
        ...

    def create(self, profile: Payload) -> Steps[None]:
        """Make both collections."""
        ...

    def write_profile(self, profile: Payload) -> Steps[None]:
        """Change what stands of how the index was made; a migration does so."""
        ...

    def start(self) -> Steps[None]:
        """Open collections that exist."""
        ...

    def write(
        self,
        points: Mapping[Collection, Sequence[Point]],
        lost: Mapping[Collection, Sequence[str]] | None = None,
    ) -> Steps[None]:
        """Write points; at the end they survive a crash.

        Args:
            points: By collection.
            lost: Ids of points that go from one collection, for the chunk that is written has no
                such half any more; ids that aren't there are ignored.

        Raises:
            UnfitPointsError: If some can't be written for what is in them; then none was.
            StoreError: If the engine refuses.
        """
        ...

    def delete(self, ids: Sequence[str]) -> Steps[None]:
        """Remove points from both collections; ids that aren't there are ignored."""
        ...

    def delete_matching(self, filter: models.Filter) -> Steps[None]:
        """Remove the points of both collections that match."""
        ...

    def search(
        self, collection: Collection, searches: Sequence[VectorSearch]
    ) -> Steps[list[list[ScoredPoint]]]:
        """Run rankings in one round trip: best first, ties by id."""
        ...

    def retrieve(
        self, collection: Collection, ids: Sequence[str], *, vectors: Sequence[str] = ()
    ) -> Steps[list[Point]]:
        """Read the points that exist, in any order, with the named vectors that they have."""
        ...

    def scroll(
        self,
        collection: Collection,
        *,
        filter: models.Filter | None,
        limit: int,
        offset: str | None = None,
        vectors: bool = False,
    ) -> Steps[tuple[list[Point], str | None]]:
        """A page of points in the order of ids, and where the next page starts."""
        ...

    def count(self, collection: Collection, filter: models.Filter | None = None) -> Steps[int]:
        """How many points match, exactly."""
        ...

    def payload_indexes(self, collection: Collection) -> Steps[dict[str, IndexKind]]:
        """The keys of the payload that have an index, and of which kind."""
        ...

    def index_payload(self, collection: Collection, keys: Mapping[str, IndexKind]) -> Steps[None]:
        """Give keys of the payload an index, so that filters on them needn't read every point.

        One that a key has already is replaced.
        """
        ...

    def optimize(self) -> Steps[None]:
        """Build what makes search fast; takes long, so call it at the end of a large ingest."""
        ...

    def close(self) -> None:
        """Release files and connections; a second call does nothing."""
        ...

    async def aclose(self) -> None:
        """Release files and connections, the async ones too."""
        ...


class UnfitPointsError(StoreError):
    """Points that an engine doesn't take for what is in them; nothing was written.

    Attributes:
        ids: Their ids.
    """

    def __init__(self, place: str, reasons: Mapping[str, Exception]) -> None:
        id_, first = next(iter(reasons.items()))
        others = f", and {len(reasons) - 1} others" if len(reasons) > 1 else ""
        super().__init__(
            f"{place}: the point {id_}{others} can't be written ({type(first).__name__}: "
            f"{str(first)[:200]!a}). Leave out what is unusual in its metadata."
        )
        self.ids = frozenset(reasons)


def converted(
    points: Mapping[Collection, Sequence[Point]], convert: Callable[[Point], T], place: str
) -> dict[Collection, list[T]]:
    """Points as an engine takes them, all of them before the first is written.

    Raises:
        UnfitPointsError: If it doesn't take some.
    """
    done: dict[Collection, list[T]] = {collection: [] for collection in points}
    unfit: dict[str, Exception] = {}
    for collection, members in points.items():
        for point in members:
            try:
                done[collection].append(convert(point))
            except Exception as error:  # noqa: BLE001 - whatever it is, it costs this point only
                unfit[point.id] = error
    if unfit:
        raise UnfitPointsError(place, unfit)
    return done


def ranked(points: Sequence[ScoredPoint]) -> list[ScoredPoint]:
    """Sort by score, then id: engines differ in how they order ties."""
    return sorted(points, key=lambda point: (-point.score, point.id))
