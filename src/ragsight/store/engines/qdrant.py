"""The engine over Qdrant clients: a server, a cluster, or qdrant-client's local mode."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from qdrant_client import QdrantClient, models

from ragsight.errors import StoreError
from ragsight.spaces import Collection
from ragsight.steps import Parallel, Steps
from ragsight.store.engines.base import Payload, Point, ScoredPoint, VectorSearch, converted, ranked
from ragsight.store.engines.collection_options import CollectionOptions, creation_arguments
from ragsight.store.engines.qdrant_clients import Clients
from ragsight.store.engines.qdrant_errors import is_conflict, server_errors
from ragsight.store.engines.qdrant_points import (
    batches,
    client_id,
    client_vector,
    own_point,
    sized,
)
from ragsight.store.engines.qdrant_strict import (
    LackingIndex,
    lacking_index,
    may_have_no_more,
    not_made,
)
from ragsight.store.migrations import current_profile, profile_problem
from ragsight.store.schema import COLLECTIONS, INDEXED_KEYS, METADATA_KEY, PAYLOAD_READ, IndexKind

T = TypeVar("T")
_LOG = logging.getLogger(__name__)

PROFILE_KEY = "ragsight"
_INDEX_TYPES: Mapping[IndexKind, models.PayloadSchemaType] = {
    "keyword": models.PayloadSchemaType.KEYWORD,
    "integer": models.PayloadSchemaType.INTEGER,
    "float": models.PayloadSchemaType.FLOAT,
    "datetime": models.PayloadSchemaType.DATETIME,
}


class ClientEngine:
    """A text and an image collection behind Qdrant clients.

    Args:
        clients: The clients.
        names: The collections' names; foreign ones may lack one of the two.
        options: How collections are made, and which shard is written to and searched.
        parallel: How many requests may be under way at once.
        reads: Keys of the payload that are read; None for all.
    """

    def __init__(
        self,
        clients: Clients,
        *,
        names: Mapping[Collection, str],
        options: CollectionOptions | None = None,
        parallel: int = 4,
        reads: Sequence[str] | None = PAYLOAD_READ,
    ) -> None:
        self._clients = clients
        self._names = dict(names)
        self._options = options if options is not None else CollectionOptions()
        self._reads: Any = True if reads is None else list(reads)
        self.is_remote = not clients.is_local
        self.parallel = parallel if self.is_remote else 1

    @property
    def place(self) -> str:
        """The collections' names at the client's address."""
        return f"{self._clients.address} ({', '.join(self._names.values())})"

    def check_process(self) -> None:
        """Any process may use a client; see `Engine.check_process`."""

    def has(self, collection: Collection) -> bool:
        """Whether the collection was named."""
        return collection in self._names

    @property
    def holder(self) -> str:
        """The text collection, or an alias of it."""
        return self._names["text"]

    def true_holder(self) -> Steps[str]:
        """The text collection; that which an alias stands for, where it was opened by one."""
        if not self.is_remote:
            return self.holder
        with server_errors(self.place):
            found = yield from self._clients.call(QdrantClient.get_aliases, {})
        names = {alias.alias_name: alias.collection_name for alias in found.aliases}
        return names.get(self.holder, self.holder)

    def read_profile(self) -> Steps[Payload | None]:
        """Read the profile from the text collection's metadata."""
        if not (yield from self._exists("text")):
            return None
        info = yield from self.info("text")
        profile = (info.config.metadata or {}).get(PROFILE_KEY, {})
        return profile if isinstance(profile, dict) else {}

    def create(self, profile: Payload) -> Steps[None]:
        """Make both collections; the text one, by which an index is known, last."""
        for collection in reversed(COLLECTIONS):
            arguments = creation_arguments(collection, profile, self._options)
            arguments["metadata"] = {PROFILE_KEY: dict(profile)}
            if not (yield from self._make(QdrantClient.create_collection, collection, **arguments)):
                yield from self._check_made_alike(collection, profile)
            for key in self._options.shard_keys if self.is_remote else ():
                yield from self._make(QdrantClient.create_shard_key, collection, shard_key=key)
            yield from self.index_payload(collection, INDEXED_KEYS)
            yield from self._index_tenant(collection)

    def write_profile(self, profile: Payload) -> Steps[None]:
        """Change both collections' metadata; the text one's, which is read, last."""
        for collection in reversed(COLLECTIONS):
            metadata = {PROFILE_KEY: dict(profile)}
            yield from self._ask(QdrantClient.update_collection, collection, metadata=metadata)

    def _make(
        self, method: Callable[..., object], collection: Collection, **arguments: Any
    ) -> Steps[bool]:
        """Ask for something new, unless it is there: of an earlier try, or another process."""
        try:
            yield from self._ask(method, collection, **arguments)
        except StoreError as error:
            if not is_conflict(error.__cause__):
                raise
            return False
        return True

    def _check_made_alike(self, collection: Collection, profile: Payload) -> Steps[None]:
        info = yield from self.info(collection)
        found = (info.config.metadata or {}).get(PROFILE_KEY)
        if profile_problem(found) or current_profile(found, place=self.place) != current_profile(
            profile, place=self.place
        ):
            raise StoreError(
                f"{self.place}: there is a collection {self._names[collection]!r} already, made "
                "with another encoder or by another application. Open it with that encoder, "
                "delete it, or choose another name=."
            )

    def _index_tenant(self, collection: Collection) -> Steps[None]:
        if self._options.tenant is not None and self.is_remote:
            schema = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
            key = f"{METADATA_KEY}.{self._options.tenant}"
            yield from self._ask(
                QdrantClient.create_payload_index, collection, field_name=key, field_schema=schema
            )

    def start(self) -> Steps[None]:
        """Check that the collections are there."""
        for collection, name in self._names.items():
            if not (yield from self._exists(collection)):
                advice = (
                    "Name one that is there."
                    if self._reads is True
                    else "Delete the other one and index again."
                )
                raise StoreError(f"{self.place}: the collection {name!r} is missing. {advice}")
            if self._reads is not True:
                yield from self._complete_indexes(collection)

    def _complete_indexes(self, collection: Collection) -> Steps[None]:
        """Make the indexes that a crash kept from being made."""
        if self.is_remote:
            known = yield from self.payload_indexes(collection)
            missing = {key: kind for key, kind in INDEXED_KEYS.items() if key not in known}
            yield from self.index_payload(collection, missing)

    def info(self, collection: Collection) -> Steps[models.CollectionInfo]:
        """What the server says of a collection."""
        return (yield from self._ask(QdrantClient.get_collection, collection))

    def write(
        self,
        points: Mapping[Collection, Sequence[Point]],
        lost: Mapping[Collection, Sequence[str]] | None = None,
    ) -> Steps[None]:
        """Write points, some requests at once, and wait until all are applied."""
        measure = partial(sized, over_grpc=self._clients.prefers_grpc)
        given = converted(points, measure, self.place)
        # What goes, goes first: a source's record, which is among the points, says it is gone.
        for collection, ids in (lost if lost is not None else {}).items():
            if ids:
                yield from self._delete_from(collection, models.PointIdsList(points=list(ids)))
        yield from Parallel(
            [
                self._write_batch(collection, batch)
                for collection, members in given.items()
                for batch in batches(members)
            ],
            at_once=self.parallel,
        )

    def _write_batch(self, collection: Collection, points: Sequence[Point]) -> Steps[None]:
        structs = [
            models.PointStruct(
                id=point.id,
                vector={name: client_vector(v) for name, v in point.vectors.items()},
                payload=dict(point.payload),
            )
            for point in points
        ]
        yield from self._ask(
            QdrantClient.upsert,
            collection,
            points=structs,
            wait=True,
            **self._options.shard_selector,
        )

    def delete(self, ids: Sequence[str]) -> Steps[None]:
        """Remove points."""
        if ids:
            yield from self._delete(models.PointIdsList(points=list(ids)))

    def delete_matching(self, filter: models.Filter) -> Steps[None]:
        """Remove the points that match."""
        yield from self._delete(models.FilterSelector(filter=filter))

    def _delete(self, selector: Any) -> Steps[None]:
        for collection in self._names:
            yield from self._delete_from(collection, selector)

    def _delete_from(self, collection: Collection, selector: Any) -> Steps[None]:
        yield from self._filtered(
            QdrantClient.delete,
            collection,
            points_selector=selector,
            wait=True,
            **self._options.shard_selector,
        )

    def search(
        self, collection: Collection, searches: Sequence[VectorSearch]
    ) -> Steps[list[list[ScoredPoint]]]:
        """Run the rankings in one request."""
        requests = [self._query(search) for search in searches]
        responses = yield from self._filtered(
            QdrantClient.query_batch_points, collection, requests=requests
        )
        return [
            ranked([ScoredPoint(str(p.id), p.score, p.payload) for p in response.points])
            for response in responses
        ]

    def _query(self, search: VectorSearch) -> models.QueryRequest:
        return models.QueryRequest(
            query=client_vector(search.vector),
            using=search.using or None,
            filter=search.filter,
            limit=search.limit,
            score_threshold=search.threshold,
            with_payload=self._reads if search.with_payload else False,
            params=self._options.search,
            shard_key=self._options.shard_key,
        )

    def retrieve(
        self, collection: Collection, ids: Sequence[str], *, vectors: Sequence[str] = ()
    ) -> Steps[list[Point]]:
        """Read points by id."""
        if not ids or not self.has(collection):
            return []
        records = yield from self._ask(
            QdrantClient.retrieve,
            collection,
            ids=[client_id(id_) for id_ in ids],
            with_payload=self._reads,
            # The one vector without a name can't be asked for by its name.
            with_vectors=True if "" in vectors else list(vectors),
            **self._options.shard_selector,
        )
        return [own_point(record) for record in records]

    def scroll(
        self,
        collection: Collection,
        *,
        filter: models.Filter | None,
        limit: int,
        offset: str | None = None,
        vectors: bool = False,
    ) -> Steps[tuple[list[Point], str | None]]:
        """Read a page of points."""
        if not self.has(collection):
            return [], None
        records, following = yield from self._filtered(
            QdrantClient.scroll,
            collection,
            scroll_filter=filter,
            limit=limit,
            offset=None if offset is None else client_id(offset),
            with_payload=self._reads,
            with_vectors=vectors,
            **self._options.shard_selector,
        )
        points = [own_point(record) for record in records]
        return points, None if following is None else str(following)

    def count(self, collection: Collection, filter: models.Filter | None = None) -> Steps[int]:
        """Count points exactly."""
        counted = yield from self._filtered(
            QdrantClient.count,
            collection,
            count_filter=filter,
            exact=True,
            **self._options.shard_selector,
        )
        return int(counted.count)

    def payload_indexes(self, collection: Collection) -> Steps[dict[str, IndexKind]]:
        """Read which keys have an index."""
        info = yield from self.info(collection)
        kinds = {type_: kind for kind, type_ in _INDEX_TYPES.items()}
        return {
            key: kinds.get(found.data_type, "keyword") for key, found in info.payload_schema.items()
        }

    def index_payload(self, collection: Collection, keys: Mapping[str, IndexKind]) -> Steps[None]:
        """Ask for indexes; local mode scans, and would only warn."""
        if not self.is_remote or not keys:
            return
        known = yield from self.payload_indexes(collection)
        for key, kind in keys.items():
            if key in known:
                yield from self._ask(QdrantClient.delete_payload_index, collection, field_name=key)
            try:
                yield from self._ask(
                    QdrantClient.create_payload_index,
                    collection,
                    field_name=key,
                    field_schema=_INDEX_TYPES[kind],
                )
            except StoreError as error:
                if not may_have_no_more(error.__cause__):
                    raise
                # That some filters are slower, or refused, is no reason not to write.
                without = sorted(keys.keys() - (yield from self.payload_indexes(collection)).keys())
                _LOG.warning(
                    "%s: the server allows no more payload indexes; without one: %s. Raise "
                    "max_payload_index_count of its strict mode to filter by them.",
                    self.place,
                    ", ".join(without),
                )
                return

    def optimize(self) -> Steps[None]:
        """Do nothing: a server optimises by itself, and local mode has no graph."""
        yield from Parallel([])

    def close(self) -> None:
        """Close the clients that are ours."""
        self._clients.close()

    async def aclose(self) -> None:
        """Close the clients that are ours, the async ones too."""
        await self._clients.aclose()

    def _exists(self, collection: Collection) -> Steps[bool]:
        return (yield from self._ask(QdrantClient.collection_exists, collection))

    def _filtered(
        self, method: Callable[..., T], collection: Collection, **arguments: Any
    ) -> Steps[T]:
        """Ask something with a filter; an index that strict mode wants for it is made first."""
        made: set[str] = set()
        while True:
            try:
                return (yield from self._ask(method, collection, **arguments))
            except StoreError as error:
                lacking = lacking_index(error.__cause__)
                if lacking is None:
                    raise
                name = self._names[collection]
                if self._reads is True:
                    raise not_made(
                        self.place, name, lacking, "the collection is another application's"
                    ) from error
                if lacking.key in made:
                    reason = "the same filter needs another kind for this key"
                    raise not_made(self.place, name, lacking, reason) from error
                made.add(lacking.key)
            yield from self._make_lacking(collection, lacking)

    def _make_lacking(self, collection: Collection, lacking: LackingIndex) -> Steps[None]:
        _LOG.info("%s: making an index of %s for a filter", self.place, lacking.key)
        try:
            yield from self._ask(
                QdrantClient.create_payload_index,
                collection,
                field_name=lacking.key,
                field_schema=lacking.kind,
            )
        except StoreError as error:
            name = self._names[collection]
            raise not_made(self.place, name, lacking, error) from error

    def _ask(self, method: Callable[..., T], collection: Collection, **arguments: Any) -> Steps[T]:
        named = {"collection_name": self._names[collection], **arguments}
        with server_errors(self.place):
            return (yield from self._clients.call(method, named))
