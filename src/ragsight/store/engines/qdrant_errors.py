"""What Qdrant clients raise: what of it may pass, and what it means to the caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from ragsight.errors import StoreError
from ragsight.redaction import without_secrets

_TRANSIENT_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_TRANSIENT_GRPC = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED"})


def is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed later: timeouts, 429 and 5xx, lost connections."""
    if isinstance(error, UnexpectedResponse):
        return error.status_code in _TRANSIENT_STATUS
    if isinstance(error, ResponseHandlingException):
        # Whatever went wrong around the request; an answer that can't be parsed stays wrong.
        return is_transient(error.source)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return False
    # Of qdrant-client's own errors all are 429, one with a Retry-After that it can't read.
    if isinstance(error, QdrantException | httpx.TransportError):
        return True
    return _grpc_code(error) in _TRANSIENT_GRPC


def is_conflict(error: BaseException | None) -> bool:
    """Whether what was to be made is there already."""
    if isinstance(error, UnexpectedResponse):
        return error.status_code == 409 or b"already exists" in error.content
    details = getattr(error, "details", None)
    text = str(details()) if callable(details) else str(error)
    return error is not None and "already exists" in text


@contextmanager
def server_errors(place: str) -> Iterator[None]:
    """Turn what clients raise into errors that say what to do.

    Raises:
        StoreError: With the reason, and what to check.
    """
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        if not _is_refusal(error):
            raise
        if is_transient(error) or isinstance(error, OSError):
            raise StoreError(
                f"{place}: the Qdrant server can't be reached or is too busy ({_reason(error)}). "
                "Check its address and that it is running, or try again later."
            ) from error
        reason = _reason(error)
        # The text of this one quotes the header that is wrong, which may hold a secret.
        cause = None if isinstance(_source(error), httpx.LocalProtocolError) else error
        raise StoreError(
            f"{place}: the Qdrant server refused ({reason}). {_advice(error, reason)}"
        ) from cause


def _is_refusal(error: Exception) -> bool:
    modules = ("qdrant_client", "httpx", "grpc")
    # Local mode refuses with ValueError and the like, the transports with their own errors.
    return isinstance(error, OSError | ValueError | TypeError | OverflowError) or any(
        kind.__module__.partition(".")[0] in modules for kind in type(error).__mro__
    )


def _source(error: BaseException) -> BaseException:
    return error.source if isinstance(error, ResponseHandlingException) else error


def _reason(error: Exception) -> str:
    return without_secrets(_said(error))


def _said(error: Exception) -> str:
    if isinstance(error, UnexpectedResponse):
        return f"HTTP {error.status_code}: {error.content.decode(errors='replace')[:300]}"
    if code := _grpc_code(error):
        details = getattr(error, "details", None)
        return f"gRPC {code}: {details() if callable(details) else ''}"[:300]
    source = _source(error)
    if isinstance(source, httpx.LocalProtocolError):
        return "a header can't be sent"
    return f"{type(source).__name__}: {source}"[:300]


def _advice(error: Exception, reason: str) -> str:
    code = error.status_code if isinstance(error, UnexpectedResponse) else _grpc_code(error)
    if code in {401, 403, "UNAUTHENTICATED", "PERMISSION_DENIED"}:
        return "Check the API key, and what it allows."
    if code in {404, "NOT_FOUND"}:
        return "Check that the collection, or the shard, is there and wasn't deleted."
    if "larger than allowed" in reason:
        return "Split the chunk, or raise service.max_request_size_mb of the server."
    return "Check the options of the client and of the collection."


def _grpc_code(error: BaseException) -> str:
    code = getattr(error, "code", None)
    value = code() if callable(code) else None
    return str(getattr(value, "name", ""))
