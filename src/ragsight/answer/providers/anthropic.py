"""Anthropic's vision models."""

from __future__ import annotations

import os
from typing import Any, Literal

from ragsight.answer.model.messages import Completion, Part, TextPart, Usage, VisionRequest
from ragsight.answer.providers.clients import Clients
from ragsight.answer.providers.failures import Endpoint
from ragsight.answer.providers.sdk import (
    PLACEHOLDER_KEY,
    SdkBackend,
    StreamDecoder,
    check_parameters,
)
from ragsight.answer.providers.table import environment_key, missing_key, profile_for
from ragsight.errors import ConfigurationError, extra
from ragsight.redaction import without_secrets

MAX_OUTPUT_TOKENS = 4096
"""Longest answer unless the caller says otherwise; Anthropic's API demands a number."""

_ENDINGS = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length"}


class AnthropicBackend(SdkBackend):
    """A Claude model.

    Args:
        model: The model's name, such as `claude-opus-4-7`.
        api_key: The key; otherwise `ANTHROPIC_API_KEY`.
        base_url: Another server that speaks Anthropic's API; otherwise `ANTHROPIC_BASE_URL`.
        timeout: Seconds that a request may take.
        max_retries: How often a refused or failed request is tried again.
        max_output_tokens: Longest answer.
        cache: Have Anthropic keep instructions and sources for `5m` or `1h`, so that the next
            question about the same sources costs less; the first one costs more. Another image,
            or the same ones in another order, and nothing of it is found again.
        **parameters: Sent with each request as they are.

    Raises:
        MissingExtraError: If the package `anthropic` isn't installed.
        ConfigurationError: If there is no key, or the SDK doesn't know a parameter.

    Example:
        >>> AnthropicBackend("claude-opus-4-7", api_key="sk-...")
        AnthropicBackend('claude-opus-4-7')
    """

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 60,
        max_retries: int = 2,
        max_output_tokens: int = MAX_OUTPUT_TOKENS,
        cache: Literal["5m", "1h"] | None = None,
        **parameters: Any,
    ) -> None:
        if cache not in {None, "5m", "1h"}:
            raise ConfigurationError(f"cache={cache!r}: choose '5m' or '1h'.")
        with extra("anthropic", "anthropic"):
            import anthropic

        address = base_url if base_url is not None else os.environ.get("ANTHROPIC_BASE_URL", "")
        settings: dict[str, Any] = {
            "api_key": _key(api_key, foreign=base_url is not None),
            "base_url": address or None,
            "timeout": timeout,
            "max_retries": max_retries,
        }
        super().__init__(
            Clients(
                lambda: anthropic.Anthropic(**settings),
                lambda: anthropic.AsyncAnthropic(**settings),
            ),
            Endpoint(
                sdk=anthropic,
                name="Anthropic",
                model=model,
                address=without_secrets(address),
                timeout=timeout,
            ),
            profile_for("anthropic", model),
        )
        self._max_output_tokens = max_output_tokens
        self._cache = cache
        self._parameters = parameters
        if parameters:
            check_parameters(self._create(self._clients.sync()), parameters, "anthropic")

    def _create(self, client: Any) -> Any:
        return client.messages.create

    def _arguments(self, request: VisionRequest) -> dict[str, Any]:
        content = [_part(part) for part in request.parts]
        system: Any = request.system
        if self._cache is not None:
            kept = {"cache_control": {"type": "ephemeral", "ttl": self._cache}}
            system = [{"type": "text", "text": request.system, **kept}]
            # The question comes last and changes; up to what comes before it all is the same.
            if len(content) > 1:
                content[-2] |= kept
        arguments = {
            "model": self.model,
            "max_tokens": self._max_output_tokens,
            "system": system,
            "messages": [{"role": "user", "content": content}],
        }
        return arguments | self._parameters

    def _stream_arguments(self) -> dict[str, Any]:
        return {"stream": True}

    def _read(self, reply: Any) -> Completion:
        return Completion(
            text="".join(block.text for block in reply.content if block.type == "text"),
            model=str(reply.model),
            usage=_usage(reply.usage),
            finish_reason=_ending(reply.stop_reason),
            request_id=getattr(reply, "_request_id", None),
        )

    def _decoder(self) -> StreamDecoder:
        return _MessageDecoder(self.model)


class _MessageDecoder:
    """Reads the events of a streamed message."""

    def __init__(self, model: str) -> None:
        self.text = ""
        self._model = model
        self._usages: list[Any] = []
        self._ending = ""
        self._stopped = False

    def feed(self, event: Any) -> str:
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            self.text += event.delta.text
            return str(event.delta.text)
        if event.type == "message_start":
            self._model = str(event.message.model)
            self._usages.append(event.message.usage)
        elif event.type == "message_delta":
            self._ending = _ending(event.delta.stop_reason)
            self._usages.append(event.usage)
        elif event.type == "message_stop":
            self._stopped = True
        return ""

    def completion(self, request_id: str | None) -> Completion | None:
        if not self._stopped:
            return None
        return Completion(
            text=self.text,
            model=self._model,
            usage=_usage(*self._usages),
            finish_reason=self._ending,
            request_id=request_id,
        )


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    source = {"type": "base64", "media_type": part.image.mime, "data": part.image.base64}
    return {"type": "image", "source": source}


def _ending(reason: Any) -> str:
    return _ENDINGS.get(reason, str(reason))


def _usage(*counts: Any) -> Usage | None:
    """The tokens that were counted; of several counts, as a stream has them, the last ones."""

    def count(name: str) -> int | None:
        found = (getattr(counted, name, None) for counted in reversed(counts))
        return next((value for value in found if value is not None), None)

    taken, given = count("input_tokens"), count("output_tokens")
    if taken is None or given is None:
        return None
    # Anthropic counts what was read from and written to its cache apart from the rest.
    cached = count("cache_read_input_tokens") or 0
    written = count("cache_creation_input_tokens") or 0
    return Usage(
        input_tokens=taken + cached + written,
        output_tokens=given,
        cached_tokens=cached,
        cache_write_tokens=written,
    )


def _key(api_key: str | None, *, foreign: bool) -> str | None:
    if api_key is not None:
        return api_key
    if foreign:
        return PLACEHOLDER_KEY
    if key := environment_key("anthropic"):
        return key
    if os.environ.get("ANTHROPIC_AUTH_TOKEN"):
        return None  # the SDK reads the token itself
    raise missing_key("anthropic")
