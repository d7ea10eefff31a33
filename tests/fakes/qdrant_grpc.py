"""The gRPC side of the stand-in for a Qdrant server.

It reads and writes messages with qdrant-client's own conversions between its two protocols: what it
shows is that our requests survive them, not how a server words its answers.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from qdrant_client import grpc as messages
from qdrant_client import models
from qdrant_client.conversions.conversion import (
    GrpcToRest,
    RestToGrpc,
    grpc_field_type_to_payload_schema,
)
from qdrant_client.grpc.collections_service_pb2_grpc import (
    CollectionsServicer,
    add_CollectionsServicer_to_server,
)
from qdrant_client.grpc.points_service_pb2_grpc import (
    PointsServicer,
    add_PointsServicer_to_server,
)

from fakes.qdrant_checks import Refusal
from fakes.qdrant_server import FakeQdrant, RecordedRequest

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    404: grpc.StatusCode.NOT_FOUND,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    409: grpc.StatusCode.ALREADY_EXISTS,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}


class FakeQdrantGrpc:
    """Serves a stand-in's points over gRPC, too.

    Args:
        fake: The stand-in; requests are noted there.

    Attributes:
        port: What to pass to a client as `grpc_port`.
    """

    def __init__(self, fake: FakeQdrant) -> None:
        self._server = grpc.server(ThreadPoolExecutor(8))
        service = _Service(fake)
        add_CollectionsServicer_to_server(_Collections(service), self._server)
        add_PointsServicer_to_server(_Points(service), self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> FakeQdrantGrpc:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()


class _Service:
    def __init__(self, fake: FakeQdrant) -> None:
        self._fake = fake

    def call(self, name: str, request: Any, context: Any, body: Any = None) -> Any:
        """Note a request and carry it out; aborts where a server refuses."""
        fault = self._fake.faults.take(name)
        metadata = dict(context.invocation_metadata())
        self._fake.remember(
            RecordedRequest(
                name, request.collection_name, "", {}, metadata, body, request.ByteSize(), fault
            )
        )
        try:
            if fault is not None and fault.status is not None:
                raise Refusal(fault.status, "scripted failure")
            if self._fake.api_key not in {None, metadata.get("api-key")}:
                raise Refusal(401, "Invalid API key or JWT")
            return self._fake.api.result(name, request.collection_name, body)
        except Refusal as refusal:
            if refusal.retry_after is not None:
                context.set_trailing_metadata((("retry-after", str(refusal.retry_after)),))
            context.abort(_CODES[refusal.status], str(refusal))
        except Exception as error:
            self._fake.failures.append(error)
            raise


def _optional(request: Any, field: str, convert: Any = None) -> Any:
    if not request.HasField(field):
        return None
    value = getattr(request, field)
    return value if convert is None else convert(value)


def _shard(request: Any) -> Any:
    selected = _optional(request, "shard_key_selector", GrpcToRest.convert_shard_key_selector)
    return selected[0] if isinstance(selected, list) and len(selected) == 1 else selected


class _Server:
    """A request that names no collection."""

    collection_name = ""

    def __init__(self, request: Any) -> None:
        self.ByteSize = request.ByteSize


class _Collections(CollectionsServicer):  # type: ignore[misc]
    def __init__(self, service: _Service) -> None:
        self._call = service.call

    def CollectionExists(self, request: Any, context: Any) -> Any:  # noqa: N802
        there = self._call("exists", request, context)["exists"]
        return messages.CollectionExistsResponse(result=messages.CollectionExists(exists=there))

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        convert = GrpcToRest
        body = models.CreateCollection(
            vectors=_optional(request, "vectors_config", convert.convert_vectors_config),
            sparse_vectors=_optional(
                request, "sparse_vectors_config", convert.convert_sparse_vector_config
            ),
            hnsw_config=_optional(request, "hnsw_config", convert.convert_hnsw_config_diff),
            quantization_config=_optional(
                request, "quantization_config", convert.convert_quantization_config
            ),
            optimizers_config=_optional(
                request, "optimizers_config", convert.convert_optimizers_config_diff
            ),
            shard_number=_optional(request, "shard_number"),
            replication_factor=_optional(request, "replication_factor"),
            write_consistency_factor=_optional(request, "write_consistency_factor"),
            on_disk_payload=_optional(request, "on_disk_payload"),
            sharding_method=_optional(request, "sharding_method", convert.convert_sharding_method),
            metadata=convert.convert_payload(request.metadata),
            strict_mode_config=_optional(
                request, "strict_mode_config", convert.convert_strict_mode_config
            ),
        )
        return messages.CollectionOperationResponse(
            result=self._call("create", request, context, body)
        )

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        info = self._call("get", request, context)
        return messages.GetCollectionInfoResponse(result=RestToGrpc.convert_collection_info(info))

    def ListAliases(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = self._call("list_aliases", _Server(request), context).aliases
        return messages.ListAliasesResponse(
            aliases=[
                messages.AliasDescription(
                    alias_name=alias.alias_name, collection_name=alias.collection_name
                )
                for alias in found
            ]
        )

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        return messages.CollectionOperationResponse(result=self._call("drop", request, context))

    def CreateShardKey(self, request: Any, context: Any) -> Any:  # noqa: N802
        key = GrpcToRest.convert_shard_key(request.request.shard_key)
        body = models.CreateShardingKey(shard_key=key)
        return messages.CreateShardKeyResponse(result=self._call("shard", request, context, body))


class _Points(PointsServicer):  # type: ignore[misc]
    def __init__(self, service: _Service) -> None:
        self._call = service.call

    def _updated(self, result: Any) -> Any:
        return messages.PointsOperationResponse(result=RestToGrpc.convert_update_result(result))

    def Upsert(self, request: Any, context: Any) -> Any:  # noqa: N802
        points = [GrpcToRest.convert_point_struct(point) for point in request.points]
        body = models.PointsList(points=points, shard_key=_shard(request))
        return self._updated(self._call("upsert", request, context, body))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        body = GrpcToRest.convert_points_selector(request.points)
        body.shard_key = _shard(request)
        return self._updated(self._call("delete", request, context, body))

    def CreateFieldIndex(self, request: Any, context: Any) -> Any:  # noqa: N802
        schema: Any = grpc_field_type_to_payload_schema(request.field_type)
        schema = GrpcToRest.convert_payload_schema_type(schema)
        if request.HasField("field_index_params"):
            schema = GrpcToRest.convert_payload_schema_params(request.field_index_params)
        body = models.CreateFieldIndex(field_name=request.field_name, field_schema=schema)
        return self._updated(self._call("index", request, context, body))

    def DeleteFieldIndex(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._updated(self._call("unindex", request, context, request.field_name))

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        body = models.PointRequest(
            ids=[GrpcToRest.convert_point_id(id_) for id_ in request.ids],
            with_payload=GrpcToRest.convert_with_payload_interface(request.with_payload),
            with_vector=_optional(
                request, "with_vectors", GrpcToRest.convert_with_vectors_selector
            ),
            shard_key=_shard(request),
        )
        found = self._call("retrieve", request, context, body)
        return messages.GetResponse(
            result=[RestToGrpc.convert_retrieved_point(point) for point in found]
        )

    def Scroll(self, request: Any, context: Any) -> Any:  # noqa: N802
        body = models.ScrollRequest(
            filter=_optional(request, "filter", GrpcToRest.convert_filter),
            limit=_optional(request, "limit"),
            offset=_optional(request, "offset", GrpcToRest.convert_point_id),
            with_payload=GrpcToRest.convert_with_payload_interface(request.with_payload),
            with_vector=_optional(
                request, "with_vectors", GrpcToRest.convert_with_vectors_selector
            ),
            shard_key=_shard(request),
        )
        found = self._call("scroll", request, context, body)
        following = found["next_page_offset"]
        return messages.ScrollResponse(
            result=[RestToGrpc.convert_retrieved_point(point) for point in found["points"]],
            next_page_offset=(
                None if following is None else RestToGrpc.convert_extended_point_id(following)
            ),
        )

    def Count(self, request: Any, context: Any) -> Any:  # noqa: N802
        body = models.CountRequest(
            filter=_optional(request, "filter", GrpcToRest.convert_filter),
            exact=_optional(request, "exact"),
            shard_key=_shard(request),
        )
        counted = self._call("count", request, context, body)
        return messages.CountResponse(result=RestToGrpc.convert_count_result(counted))

    def QueryBatch(self, request: Any, context: Any) -> Any:  # noqa: N802
        searches = [GrpcToRest.convert_query_points(query) for query in request.query_points]
        for search, query in zip(searches, request.query_points, strict=True):
            search.shard_key = _shard(query)
        body = models.QueryRequestBatch(searches=searches)
        answers = self._call("query_batch", request, context, body)
        return messages.QueryBatchResponse(
            result=[
                messages.BatchResult(
                    result=[RestToGrpc.convert_scored_point(point) for point in answer.points]
                )
                for answer in answers
            ]
        )
