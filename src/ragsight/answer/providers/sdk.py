"""What backends on a provider's Python SDK have in common: clients, errors, streams."""

from __future__ import annotations

import asyncio
import inspect
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ragsight.answer.model.messages import Completion, StreamEvent, TextDelta, VisionRequest
from ragsight.answer.model.profiles import ModelLimits
from ragsight.answer.providers.clients import Clients
from ragsight.answer.providers.failures import Endpoint, provider_errors
from ragsight.errors import BackendError, ConfigurationError, StreamInterruptedError

if TYPE_CHECKING:
    from typing_extensions import Self

PLACEHOLDER_KEY = "none"
"""Key for servers that ask for none; the SDKs insist on one."""


class StreamDecoder(Protocol):
    """Read one provider's stream, event by event.

    Attributes:
        text: All text so far.
    """

    text: str

    def feed(self, event: Any) -> str:
        """Take an event of the SDK and return the text in it."""

    def completion(self, request_id: str | None) -> Completion | None:
        """The whole reply, or `None` if the stream ended before it did."""


class SdkBackend(ABC):
    """A vision model behind a provider's SDK.

    Subclasses say how a request looks and how a reply is read; whether that happens with or
    without an event loop is decided here. `with` and `async with` close its connections.
    """

    def __init__(self, clients: Clients, endpoint: Endpoint, profile: ModelLimits) -> None:
        self._clients = clients
        self._endpoint = endpoint
        self.profile = profile

    @property
    def name(self) -> str:
        """The provider, for messages."""
        return self._endpoint.name

    @property
    def model(self) -> str:
        """The model's name."""
        return self._endpoint.model

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def complete(self, request: VisionRequest) -> Completion:
        """Ask and wait for the whole reply.

        Raises:
            BackendError: If the provider refused or could not be reached.
        """
        with provider_errors(self._endpoint):
            reply = self._create(self._clients.sync())(**self._arguments(request))
        return self._understood(reply)

    async def acomplete(self, request: VisionRequest) -> Completion:
        """Ask and wait for the whole reply, without blocking the event loop.

        Raises:
            BackendError: If the provider refused or could not be reached.
        """
        create = self._create(self._clients.of_this_loop())
        # In a thread, since images in base64 take their time.
        arguments = await asyncio.to_thread(self._arguments, request)
        with provider_errors(self._endpoint):
            reply = await create(**arguments)
        return self._understood(reply)

    def stream(self, request: VisionRequest) -> Iterator[StreamEvent]:
        """Ask and get the reply as it is written; the completion comes last.

        Raises:
            BackendError: If the provider refused or could not be reached.
            StreamInterruptedError: If the reply broke off.
        """
        decoder = self._decoder()
        arguments = self._arguments(request) | self._stream_arguments()
        with provider_errors(self._endpoint):
            events = self._create(self._clients.sync())(**arguments)
        with events, provider_errors(self._endpoint, lambda: decoder.text):
            for event in events:
                if piece := decoder.feed(event):
                    yield TextDelta(piece)
        yield self._end(decoder, events)

    async def astream(self, request: VisionRequest) -> AsyncIterator[StreamEvent]:
        """Ask and get the reply as it is written, without blocking the event loop.

        Raises:
            BackendError: If the provider refused or could not be reached.
            StreamInterruptedError: If the reply broke off.
        """
        decoder = self._decoder()
        arguments = await asyncio.to_thread(self._arguments, request) | self._stream_arguments()
        with provider_errors(self._endpoint):
            events = await self._create(self._clients.of_this_loop())(**arguments)
        async with events:
            with provider_errors(self._endpoint, lambda: decoder.text):
                async for event in events:
                    if piece := decoder.feed(event):
                        yield TextDelta(piece)
        yield self._end(decoder, events)

    def close(self) -> None:
        """Close the connections that were opened without an event loop."""
        self._clients.close()

    async def aclose(self) -> None:
        """Close the connections that were opened in this event loop."""
        await self._clients.aclose()

    def _understood(self, reply: Any) -> Completion:
        try:
            return self._read(reply)
        except (AttributeError, IndexError, TypeError):
            # The SDKs hand on whatever came with status 200, a web page or `choices: null` too.
            where = f" at {self._endpoint.address}" if self._endpoint.address else ""
            raise BackendError(
                f"{self.name} ({self.model}){where} sent a reply that can't be read. Check the "
                f"address; it usually ends in /v1."
            ) from None

    def _end(self, decoder: StreamDecoder, events: Any) -> Completion:
        completion = decoder.completion(request_id_of(events.response.headers))
        if completion is None:
            raise StreamInterruptedError(
                f"{self.name} ({self.model}) ended the stream before the answer. Ask again; what "
                f"had arrived is in the error's `partial`.",
                partial=decoder.text,
            )
        return completion

    @abstractmethod
    def _create(self, client: Any) -> Any:
        """The SDK's method that makes a reply."""

    @abstractmethod
    def _arguments(self, request: VisionRequest) -> dict[str, Any]:
        """Its arguments for a request."""

    @abstractmethod
    def _stream_arguments(self) -> dict[str, Any]:
        """Further arguments for a streamed reply."""

    @abstractmethod
    def _read(self, reply: Any) -> Completion:
        """Read the SDK's whole reply."""

    @abstractmethod
    def _decoder(self) -> StreamDecoder:
        """A fresh decoder for a streamed reply."""


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """The provider's id of a request, under whichever name it sends it."""
    return headers.get("x-request-id") or headers.get("request-id")


def check_parameters(create: Any, parameters: Mapping[str, Any], sdk: str) -> None:
    """Refuse parameters that the installed SDK doesn't know, before any request is made.

    Raises:
        ConfigurationError: If there is one.
    """
    known = inspect.signature(create).parameters
    unknown = [name for name in parameters if name not in known]
    if unknown:
        raise ConfigurationError(
            f"The installed {sdk} package takes no parameter {', '.join(sorted(unknown))}. "
            f"Check the spelling; pass what it doesn't know itself as extra_body={{...}}."
        )
