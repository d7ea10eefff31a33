from __future__ import annotations

import traceback

import grpc
import httpx
import pytest
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from ragsight.errors import StoreError
from ragsight.store.engines.qdrant_errors import is_conflict, is_transient, server_errors


def answer(status: int, text: str = "scripted") -> UnexpectedResponse:
    return UnexpectedResponse(status, "", text.encode(), httpx.Headers())


def around(error: Exception) -> ResponseHandlingException:
    return ResponseHandlingException(error)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        *((answer(status), True) for status in (408, 429, 500, 502, 503, 504)),
        *((answer(status), False) for status in (400, 401, 403, 404, 409, 413, 422)),
        (ResourceExhaustedResponse("slow down", 1), True),
        (QdrantException("Retry-After header value is not a valid integer: Wed"), True),
        (around(httpx.ReadTimeout("late")), True),
        (around(httpx.ConnectError("refused")), True),
        (around(httpx.RemoteProtocolError("hung up")), True),
        (around(httpx.LocalProtocolError("Illegal header value")), False),
        (around(ValueError("no JSON")), False),
        (ValueError("of local mode"), False),
    ],
)
def test_only_what_may_pass_is_worth_a_repetition(error: Exception, expected: bool) -> None:
    assert is_transient(error) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (answer(409), True),
        (answer(400, "Wrong input: Shard key a already exists"), True),
        (answer(400, "Wrong input: vectors"), False),
        (ValueError("Collection shop-text already exists"), True),
        (None, False),
    ],
)
def test_what_is_there_already_is_told_from_what_is_wrong(
    error: Exception | None, expected: bool
) -> None:
    assert is_conflict(error) is expected


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (answer(503), "Check its address and that it is running"),
        (ConnectionRefusedError("refused"), "Check its address"),
        (answer(401, "Invalid API key"), r"HTTP 401: Invalid API key.*Check the API key"),
        (answer(403), "Check the API key"),
        (answer(404), "is there and wasn't deleted"),
        (answer(400, "JSON payload (9) is larger than allowed (limit: 8)"), "Split the chunk"),
        (answer(400, "Wrong input: no such vector"), r"no such vector.*options of the client"),
        (ValueError("Not existing vector name"), "ValueError: Not existing vector name"),
    ],
)
def test_an_error_says_where_why_and_what_to_do(error: Exception, advice: str) -> None:
    match = f"^shop: the Qdrant server .*{advice}"
    with pytest.raises(StoreError, match=match) as caught, server_errors("shop"):
        raise error
    assert caught.value.__cause__ is error


def test_a_mistake_of_ours_is_not_blamed_on_the_server() -> None:
    with pytest.raises(ZeroDivisionError), server_errors("shop"):
        raise ZeroDivisionError


def test_an_error_that_is_clear_already_stays_as_it_is() -> None:
    clear = StoreError("clear")
    with pytest.raises(StoreError) as caught, server_errors("shop"):
        raise clear
    assert caught.value is clear


def test_a_header_that_can_t_be_sent_is_never_quoted() -> None:
    error = around(httpx.LocalProtocolError("Illegal header value b'sesame'"))
    match = "a header can't be sent"
    with pytest.raises(StoreError, match=match) as caught, server_errors("shop"):
        raise error
    assert "sesame" not in "".join(traceback.format_exception(caught.value))


def test_a_closed_grpc_port_is_a_server_that_can_t_be_reached() -> None:
    client = QdrantClient(
        url="http://127.0.0.1:9", grpc_port=9, prefer_grpc=True, check_compatibility=False
    )
    with pytest.raises(grpc.RpcError) as caught:
        client.collection_exists("shop")
    assert is_transient(caught.value)
    match = r"can't be reached or is too busy \(gRPC UNAVAILABLE"
    with pytest.raises(StoreError, match=match), server_errors("shop"):
        raise caught.value
    client.close()
