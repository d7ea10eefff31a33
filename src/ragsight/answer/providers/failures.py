"""Turn the provider SDKs' exceptions into ragsight's, without what the request held."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

from ragsight.errors import BackendError, StreamInterruptedError
from ragsight.redaction import without_secrets

LONGEST_DETAIL = 200

# A provider's message may quote the request: a data URL, a stretch of base64, a passage.
_PAYLOAD = re.compile(r"data:\S+|\S{40,}")

_LIMITS = (
    ("max_images", re.compile(r"at most ([0-9]+) image", re.IGNORECASE)),
    (
        "max_edge",
        re.compile(r"(?:max|larger|exceed)[^.]*?\b([0-9]{3,5}) ?(?:px|pixels)", re.IGNORECASE),
    ),
    ("max_bytes", re.compile(r"bytes > ([0-9,]{4,}) bytes", re.IGNORECASE)),
)
"""How vLLM, Anthropic and others put it."""

_HINTS = {
    400: "The provider refused the request.",
    401: "Check the API key.",
    402: "Check the account's credit.",
    403: "The key may not use this model.",
    404: "Check the model's name and the address.",
    408: "The provider took too long; try again.",
    413: "The request is too large; lower SynthesizerOptions.max_images.",
    422: "The provider refused the request.",
    429: "The rate limit or quota is reached; wait, or raise max_retries.",
    529: "The provider is overloaded; try again later.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Who was asked, for error messages.

    Attributes:
        sdk: The provider's SDK.
        name: The provider.
        model: The model.
        address: The server, where it isn't the provider's own.
        timeout: Seconds that a request may take.
    """

    sdk: ModuleType
    name: str
    model: str
    address: str
    timeout: float


class ImageRefusedError(BackendError):
    """The provider refused the images and said what it would take.

    Attributes:
        max_edge: Longest side in pixels.
        max_bytes: Bytes before base64.
        max_images: Images in one request.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        limits: Mapping[str, int],
    ) -> None:
        super().__init__(message, status=status, request_id=request_id)
        self.max_edge = limits.get("max_edge")
        self.max_bytes = limits.get("max_bytes")
        self.max_images = limits.get("max_images")


def image_limits(message: str, details: object = None) -> dict[str, int]:
    """The exact limits on images in a refusal; empty if it is about something else.

    Args:
        message: The provider's message.
        details: Its machine-readable part, where there is one (Anthropic's error details).

    Returns:
        `max_edge`, `max_bytes` or `max_images`.

    Example:
        >>> image_limits("At most 1 image(s) may be provided in one prompt.")
        {'max_images': 1}
    """
    edge = details.get("max_side_length_pixels") if isinstance(details, dict) else None
    if isinstance(edge, int):
        return {"max_edge": edge}
    if "image" not in message.lower():
        return {}
    for name, pattern in _LIMITS:
        if found := pattern.search(message):
            value = int(found[1].replace(",", ""))
            # Anthropic counts bytes in base64.
            return {name: value // 4 * 3 if name == "max_bytes" else value}
    return {}


@contextmanager
def provider_errors(
    endpoint: Endpoint, received: Callable[[], str] | None = None
) -> Iterator[None]:
    """Map what an SDK raises.

    The SDK's own exception stays reachable as `__context__`, but is not printed: it quotes the
    provider's whole reply, and some servers repeat the request in it.

    Args:
        endpoint: Who was asked.
        received: While a stream is read, gives the text that has arrived.

    Raises:
        BackendError: If the provider refused or could not be reached.
        StreamInterruptedError: If a stream broke off.
    """
    try:
        yield
    except (*_transport_errors(), endpoint.sdk.APIError, json.JSONDecodeError) as error:
        if received is not None:
            raise _interrupted(error, endpoint, received()) from None
        raise _refused(error, endpoint) from None


def _interrupted(error: Exception, endpoint: Endpoint, partial: str) -> StreamInterruptedError:
    kind = getattr(error, "type", None) or getattr(error, "code", None)
    why = f"it reported {kind}" if isinstance(kind, str) and kind else _transport_reason(error)
    return StreamInterruptedError(
        f"{endpoint.name} ({endpoint.model}) broke off the answer: {why}. Ask again; what had "
        f"arrived is in the error's `partial`.",
        partial=partial,
    )


def _refused(error: Exception, endpoint: Endpoint) -> BackendError:
    who = f"{endpoint.name} ({endpoint.model})"
    if (refusal := status_refusal(error, who)) is not None:
        return refusal
    if isinstance(error, endpoint.sdk.APITimeoutError):
        return BackendError(f"{who} didn't answer in {endpoint.timeout:g} s. Raise timeout.")
    if isinstance(error, (endpoint.sdk.APIConnectionError, *_transport_errors())):
        where = f" at {endpoint.address}" if endpoint.address else ""
        return BackendError(f"{who} could not be reached{where}. Check the address and network.")
    return BackendError(f"{who} sent a reply that can't be read ({type(error).__name__}).")


def status_refusal(error: Exception, who: str) -> BackendError | None:
    """The refusal that an SDK's exception stands for; `None` if it has no HTTP status."""
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        return None
    hint = _HINTS.get(status, "The provider failed; try again later.")
    message = f"{who} answered with status {status}{_detail(error)}. {hint}"
    request_id = getattr(error, "request_id", None)
    request_id = request_id if isinstance(request_id, str) else None
    limits = image_limits(_message(error), _body(error).get("details"))
    if limits and status in {400, 413, 422}:
        return ImageRefusedError(message, status=status, request_id=request_id, limits=limits)
    return BackendError(message, status=status, request_id=request_id)


def _detail(error: Exception) -> str:
    message = _message(error)
    if not message:
        return ""
    clean = " ".join(_PAYLOAD.sub("…", without_secrets(message)).split()).rstrip(".")
    if len(clean) > LONGEST_DETAIL:
        clean = f"{clean[:LONGEST_DETAIL]}…"
    return f" ({clean})"


def _message(error: Exception) -> str:
    message = _body(error).get("message")
    return message if isinstance(message, str) else ""


def _body(error: Exception) -> dict[str, object]:
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else None
    return inner if isinstance(inner, dict) else {}


def _transport_reason(error: Exception) -> str:
    if "Timeout" in type(error).__name__:
        return "nothing more arrived in time"
    return f"the connection was lost ({type(error).__name__})"


def _transport_errors() -> tuple[type[Exception], ...]:
    # The SDKs moved from httpx to httpx2 between majors, and let some of its errors through.
    modules = (sys.modules.get("httpx"), sys.modules.get("httpx2"))
    return tuple(
        error
        for module in modules
        if module is not None
        for error in (module.HTTPError, module.StreamError)
    )
