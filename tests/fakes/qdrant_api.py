"""The part of a Qdrant server's REST API that clients of ours and of others use in tests."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, TypeAdapter
from qdrant_client import QdrantClient, models

from fakes.qdrant_checks import (
    Rates,
    Refusal,
    check_limit,
    check_name,
    check_path,
    check_query,
    check_strict,
    index_kind,
)

VERSION = "1.18.3"


@dataclass(frozen=True)
class Route:
    """A kind of request.

    Attributes:
        name: What it asks for.
        method: HTTP method.
        path: Pattern of the path.
        body: Model of the body, if there is one.
        parameters: Parameters of the URL that a server knows here.
        is_bare: Whether the answer stands by itself, without status and time.
    """

    name: str
    method: str
    path: str
    body: TypeAdapter[Any] | None = None
    parameters: frozenset[str] = frozenset()
    is_bare: bool = False


def _route(name: str, line: str, body: Any = None, parameters: str = "") -> Route:
    method, path = line.split()
    pattern = path.replace("{name}", "(?P<collection>[^/]+)").replace("{field}", "(?P<body>[^/]+)")
    adapter = None if body is None else TypeAdapter(body)
    return Route(name, method, pattern, adapter, frozenset(parameters.split()), path == "/")


_WRITE = "wait ordering timeout"
_READ = "consistency timeout"
ROUTES = [
    _route("version", "GET /"),
    _route("list", "GET /collections"),
    _route("list_aliases", "GET /aliases"),
    _route("aliases", "POST /collections/aliases", models.ChangeAliasesOperation, "timeout"),
    _route("exists", "GET /collections/{name}/exists"),
    _route("get", "GET /collections/{name}"),
    _route("create", "PUT /collections/{name}", models.CreateCollection, "timeout"),
    _route("update", "PATCH /collections/{name}", models.UpdateCollection, "timeout"),
    _route("drop", "DELETE /collections/{name}", None, "timeout"),
    _route("index", "PUT /collections/{name}/index", models.CreateFieldIndex, _WRITE),
    _route("unindex", "DELETE /collections/{name}/index/{field}", None, _WRITE),
    _route("shard", "PUT /collections/{name}/shards", models.CreateShardingKey, "timeout"),
    _route("shards", "GET /collections/{name}/shards"),
    _route("upsert", "PUT /collections/{name}/points", models.PointInsertOperations, _WRITE),
    _route("delete", "POST /collections/{name}/points/delete", models.PointsSelector, _WRITE),
    _route("retrieve", "POST /collections/{name}/points", models.PointRequest, _READ),
    _route("scroll", "POST /collections/{name}/points/scroll", models.ScrollRequest, _READ),
    _route("count", "POST /collections/{name}/points/count", models.CountRequest, _READ),
    _route("query", "POST /collections/{name}/points/query", models.QueryRequest, _READ),
    _route(
        "query_batch",
        "POST /collections/{name}/points/query/batch",
        models.QueryRequestBatch,
        _READ,
    ),
]


def find_route(method: str, path: str) -> tuple[Route, str, str]:
    """The kind of a request, its collection, and what stands in the path instead of a body.

    Raises:
        Refusal: If there is none.
    """
    for route in ROUTES:
        match = re.fullmatch(route.path, path)
        if match is not None and route.method == method:
            parts = match.groupdict()
            return route, unquote(parts.get("collection", "")), unquote(parts.get("body", ""))
    raise Refusal(404, f"{method} {path}: there is no such route")


class Api:
    """Answers requests from a client in local mode, one at a time: it is not made for threads."""

    def __init__(self, local: QdrantClient) -> None:
        self._local = local
        self._lock = threading.Lock()
        self.created: dict[str, models.CreateCollection] = {}
        self.aliases: dict[str, str] = {}
        self.distributed = False
        self.default_mode: models.StrictModeConfig | None = None
        self.rates = Rates()
        self.indexes: dict[str, dict[str, Any]] = {}
        self.shard_keys: dict[str, list[Any]] = {}

    def call(self, route: Route, collection: str, body: Any, query: dict[str, str]) -> Any:
        """Carry a request of the REST API out.

        Returns:
            The result as JSON.

        Raises:
            Refusal: Where a server refuses.
        """
        if unknown := set(query) - route.parameters:
            raise Refusal(400, f"Unknown parameters: {sorted(unknown)}")
        return _json(self.result(route.name, collection, body))

    def result(self, name: str, collection: str, body: Any) -> Any:
        """Carry a request out.

        Returns:
            The result in qdrant-client's models.

        Raises:
            Refusal: Where a server refuses.
        """
        with self._lock, _refusals():
            if name not in {"create", "drop"}:
                collection = self.aliases.get(collection, collection)
            if collection and name not in {"exists", "create", "drop"}:
                self._check_there(collection)
                self._check(name, collection, body)
            return getattr(self, f"_{name}")(collection, body)

    def _check(self, name: str, collection: str, body: Any) -> None:
        """Refuse what a server refuses before it does anything."""
        made = self.created[collection]
        searches = getattr(body, "searches", [body] if name == "query" else [])
        for search in searches:
            check_query(search, made)
        if name == "scroll":
            check_limit(body.limit)
        if made.sharding_method == models.ShardingMethod.CUSTOM and name in _READS:
            for part in searches if searches else [body]:
                self._check_read_shards(collection, part.shard_key)
        mode = made.strict_mode_config
        check_strict(name, body, mode, self.indexes[collection])
        if mode is not None and mode.enabled:
            if name in _WRITES:
                self.rates.take(collection, "Write", _cost(body), mode.write_rate_limit)
            elif name in _READS:
                self.rates.take(collection, "Read", len(searches) or 1, mode.read_rate_limit)

    def _check_read_shards(self, collection: str, keys: Any) -> None:
        for key in keys if isinstance(keys, list) else [keys]:
            if key is not None and key not in self.shard_keys[collection]:
                raise Refusal(400, f'Bad request: Shard key "{key}" not found')

    def _check_there(self, collection: str) -> None:
        if collection not in self.created:
            raise Refusal(404, f"Not found: Collection `{collection}` doesn't exist!")

    def _version(self, _: str, __: str) -> Any:
        return models.VersionInfo(title="qdrant - vector search engine", version=VERSION)

    def _list(self, _: str, __: str) -> Any:
        return {"collections": [{"name": name} for name in sorted(self.created)]}

    def _list_aliases(self, _: str, __: str) -> models.CollectionsAliasesResponse:
        return models.CollectionsAliasesResponse(
            aliases=[
                models.AliasDescription(alias_name=alias, collection_name=name)
                for alias, name in sorted(self.aliases.items())
            ]
        )

    def _aliases(self, _: str, body: models.ChangeAliasesOperation) -> bool:
        for action in body.actions:
            if isinstance(action, models.CreateAliasOperation):
                self._check_there(action.create_alias.collection_name)
                self.aliases[action.create_alias.alias_name] = action.create_alias.collection_name
            elif isinstance(action, models.DeleteAliasOperation):
                self.aliases.pop(action.delete_alias.alias_name, None)
            else:
                names = action.rename_alias
                self.aliases[names.new_alias_name] = self.aliases.pop(names.old_alias_name)
        return True

    def _exists(self, collection: str, _: str) -> Any:
        return {"exists": collection in self.created}

    def _create(self, collection: str, body: models.CreateCollection) -> bool:
        check_name(collection)
        if collection in self.aliases:
            raise Refusal(400, "Wrong input: Alias with the same name already exists")
        if collection in self.created:
            raise Refusal(409, f"Wrong input: Collection `{collection}` already exists!")
        self._local.create_collection(
            collection,
            vectors_config=body.vectors,
            sparse_vectors_config=body.sparse_vectors,
            metadata=body.metadata,
        )
        if body.strict_mode_config is None and self.default_mode is not None:
            body = body.model_copy(update={"strict_mode_config": self.default_mode})
        self.created[collection] = body
        self.indexes[collection], self.shard_keys[collection] = {}, []
        mode = body.strict_mode_config
        if mode is not None and mode.enabled:
            self.rates.forget(collection)
            self.rates.take(collection, "Write", 1, mode.write_rate_limit)
        return True

    def _update(self, collection: str, body: models.UpdateCollection) -> bool:
        if body.strict_mode_config is not None:
            made = self.created[collection]
            before = made.strict_mode_config or models.StrictModeConfig()
            asked = body.strict_mode_config.model_dump(exclude_none=True)
            mode = before.model_copy(update=asked)
            self.created[collection] = made.model_copy(update={"strict_mode_config": mode})
        return self._local.update_collection(collection, metadata=body.metadata)

    def _drop(self, collection: str, _: str) -> bool:
        there = self.created.pop(collection, None) is not None
        if there:
            gone = [alias for alias, name in self.aliases.items() if name == collection]
            for alias in gone:
                del self.aliases[alias]
            self._local.delete_collection(collection)
        return there

    def _get(self, collection: str, _: str) -> models.CollectionInfo:
        info = self._local.get_collection(collection)
        body = self.created[collection]
        params = info.config.params
        params.shard_number = body.shard_number or 1
        params.replication_factor = body.replication_factor or 1
        params.write_consistency_factor = body.write_consistency_factor or 1
        params.sharding_method = body.sharding_method
        if body.on_disk_payload is not None:
            params.on_disk_payload = body.on_disk_payload
        if body.hnsw_config is not None:
            asked = body.hnsw_config.model_dump(exclude_none=True)
            info.config.hnsw_config = info.config.hnsw_config.model_copy(update=asked)
        info.config.quantization_config = body.quantization_config
        info.config.strict_mode_config = _mode_shown(body.strict_mode_config)
        info.payload_schema = {
            key: models.PayloadIndexInfo(
                data_type=index_kind(schema),
                params=schema if isinstance(schema, BaseModel) else None,
                points=info.points_count or 0,
            )
            for key, schema in self.indexes[collection].items()
        }
        return info

    def _index(self, collection: str, body: models.CreateFieldIndex) -> Any:
        check_path(body.field_name)
        self.indexes[collection][body.field_name] = body.field_schema
        return _completed()

    def _unindex(self, collection: str, field: str) -> Any:
        self.indexes[collection].pop(field, None)
        return _completed()

    def _shard(self, collection: str, body: models.CreateShardingKey) -> bool:
        if not self.distributed:
            raise Refusal(400, "Bad request: Distributed mode disabled")
        if self.created[collection].sharding_method != models.ShardingMethod.CUSTOM:
            raise Refusal(400, "Bad request: Shard Key can't be created with Auto sharding")
        if body.shard_key in self.shard_keys[collection]:
            raise Refusal(400, f"Wrong input: Shard key {body.shard_key} already exists")
        self.shard_keys[collection].append(body.shard_key)
        return True

    def _shards(self, collection: str, _: str) -> Any:
        return {"shard_keys": [{"key": key} for key in self.shard_keys[collection]]}

    def _upsert(self, collection: str, body: models.PointsList | models.PointsBatch) -> Any:
        if self.created[collection].sharding_method == models.ShardingMethod.CUSTOM:
            self._check_shard(collection, body.shard_key)
        points = body.points if isinstance(body, models.PointsList) else body.batch
        _check_ids(points.ids if isinstance(points, models.Batch) else [p.id for p in points])
        return self._local.upsert(collection, points=points)

    def _check_shard(self, collection: str, key: Any) -> None:
        if key is None:
            raise Refusal(400, "Wrong input: Shard key not specified")
        if key not in self.shard_keys[collection]:
            raise Refusal(404, f"Not found: Shard key {key} not found")

    def _delete(self, collection: str, body: Any) -> Any:
        if isinstance(body, models.PointIdsList):
            _check_ids(body.points)
        return self._local.delete(collection, points_selector=body)

    def _retrieve(self, collection: str, body: models.PointRequest) -> Any:
        _check_ids(body.ids)
        return self._local.retrieve(
            collection,
            ids=body.ids,
            # A server sends payloads here unless told not to.
            with_payload=body.with_payload if body.with_payload is not None else True,
            with_vectors=body.with_vector if body.with_vector is not None else False,
        )

    def _scroll(self, collection: str, body: models.ScrollRequest) -> Any:
        points, following = self._local.scroll(
            collection,
            scroll_filter=body.filter,
            limit=body.limit if body.limit is not None else 10,
            # Older local clients take the text of an id, not the id that was read from JSON.
            offset=str(body.offset) if isinstance(body.offset, uuid.UUID) else body.offset,
            order_by=body.order_by,
            with_payload=body.with_payload if body.with_payload is not None else True,
            with_vectors=body.with_vector if body.with_vector is not None else False,
        )
        return {"points": points, "next_page_offset": following}

    def _count(self, collection: str, body: models.CountRequest) -> Any:
        return self._local.count(
            collection, count_filter=body.filter, exact=body.exact is not False
        )

    def _query(self, collection: str, body: models.QueryRequest) -> Any:
        return self._query_batch(collection, models.QueryRequestBatch(searches=[body]))[0]

    def _query_batch(self, collection: str, body: models.QueryRequestBatch) -> Any:
        # Local mode warns of parameters: it compares with every point anyway.
        searches = [search.model_copy(update={"params": None}) for search in body.searches]
        return self._local.query_batch_points(collection, requests=searches)


@contextmanager
def _refusals() -> Iterator[None]:
    """What local mode refuses, with the status that a server gives."""
    try:
        yield
    except Refusal:
        raise
    except (ValueError, KeyError, TypeError, AssertionError, NotImplementedError) as error:
        raise _as_worded(str(error)) from error


_WORDINGS = {
    "Empty update request": (400, "Bad request: Empty update request"),
    "Indices must be unique": (422, "Validation error in JSON body: [indices: must be unique]"),
    "Indices and values must have the same length": (
        422,
        "Validation error in JSON body: [values: must be the same length as indices]",
    ),
}
_READS = frozenset({"retrieve", "scroll", "count", "query", "query_batch"})
_WRITES = frozenset({"upsert", "delete", "index", "unindex"})


def _as_worded(message: str) -> Refusal:
    """A refusal of local mode with the status and the words of a server."""
    for part, (status, words) in _WORDINGS.items():
        if part in message:
            return Refusal(status, words)
    return Refusal(400, f"Wrong input: {message}")


def _cost(body: Any) -> int:
    if isinstance(body, models.PointsList):
        return len(body.points)
    if isinstance(body, models.PointsBatch):
        return len(body.batch.ids)
    return len(body.points) if isinstance(body, models.PointIdsList) else 1


def _mode_shown(mode: Any) -> Any:
    return None if mode is None else models.StrictModeConfigOutput(**mode.model_dump())


def _check_ids(ids: list[Any]) -> None:
    for id_ in ids:
        try:
            _ = id_ if isinstance(id_, int) else uuid.UUID(str(id_))
        except ValueError:
            raise Refusal(
                400,
                f"Format error in JSON body: value {id_} is not a valid point ID, valid values are "
                "either an unsigned integer or a UUID",
            ) from None


def _completed() -> models.UpdateResult:
    return models.UpdateResult(operation_id=0, status=models.UpdateStatus.COMPLETED)


def _json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, dict):
        return {key: _json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_json(part) for part in value]
    return value
