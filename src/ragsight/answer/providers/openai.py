"""OpenAI's vision models, and every server that speaks their Chat API."""

from __future__ import annotations

import os
from typing import Any, Literal

from ragsight.answer.model.messages import Completion, VisionRequest
from ragsight.answer.providers.clients import Clients
from ragsight.answer.providers.failures import Endpoint
from ragsight.answer.providers.openai_wire import CHAT, RESEMBLING, RESPONSES, Dialect, RequestStyle
from ragsight.answer.providers.sdk import (
    PLACEHOLDER_KEY,
    SdkBackend,
    StreamDecoder,
    check_parameters,
)
from ragsight.answer.providers.table import environment_key, missing_key, profile_for
from ragsight.errors import ConfigurationError, extra
from ragsight.redaction import without_secrets


class OpenAIBackend(SdkBackend):
    """A model of OpenAI, or of a server that speaks its API (see `OpenAICompatibleBackend`).

    OpenAI itself is asked through the Responses API and told to store nothing. A server at
    `base_url` is asked through the Chat API, gets PNG and JPEG as data URLs only, and is sent the
    key of the environment only if the address comes from there as well.

    Args:
        model: The model's name, such as `gpt-5.4-mini`.
        api_key: The key; otherwise `OPENAI_API_KEY`.
        base_url: Another server, up to and including `/v1`; otherwise `OPENAI_BASE_URL`.
        api: `responses` or `chat`; by default what fits the address. With `responses` a server at
            `base_url` is taken for a gateway to OpenAI itself.
        timeout: Seconds that a request may take.
        max_retries: How often a refused or failed request is tried again.
        max_output_tokens: Longest answer, hidden reasoning included.
        **parameters: Sent with each request as they are, such as `temperature=0`. Nothing of the
            kind is sent unless given: many models refuse it.

    Raises:
        MissingExtraError: If the package `openai` isn't installed.
        ConfigurationError: If there is no key, or the SDK doesn't know a parameter.

    Example:
        >>> OpenAIBackend("qwen2.5vl", base_url="http://localhost:11434/v1")
        OpenAIBackend('qwen2.5vl')
    """

    _provider = "OpenAI"

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        api: Literal["responses", "chat"] | None = None,
        timeout: float = 60,
        max_retries: int = 2,
        max_output_tokens: int | None = None,
        **parameters: Any,
    ) -> None:
        with extra("openai", "openai"):
            import openai

        address = base_url if base_url is not None else os.environ.get("OPENAI_BASE_URL", "")
        self._api = api if api is not None else "chat" if address else "responses"
        if self._api not in {"responses", "chat"}:
            raise ConfigurationError(f"api={api!r}: choose 'responses' or 'chat'.")
        # A server that only resembles OpenAI's: it knows neither `detail` nor every format.
        resembles = bool(address) and self._api == "chat"
        self._dialect = RESEMBLING if resembles else Dialect()
        settings: dict[str, Any] = {
            "api_key": _key(api_key, foreign=base_url is not None),
            "base_url": address or None,
            "timeout": timeout,
            "max_retries": max_retries,
        }
        super().__init__(
            Clients(lambda: openai.OpenAI(**settings), lambda: openai.AsyncOpenAI(**settings)),
            Endpoint(
                sdk=openai,
                name=self._provider,
                model=model,
                address=without_secrets(address),
                timeout=timeout,
            ),
            profile_for("local" if resembles else "openai", model),
        )
        self._max_output_tokens = max_output_tokens
        self._parameters = parameters
        if parameters:
            check_parameters(self._create(self._clients.sync()), parameters, "openai")

    def _create(self, client: Any) -> Any:
        return (
            client.responses.create if self._api == "responses" else client.chat.completions.create
        )

    @property
    def _style(self) -> RequestStyle:
        return RESPONSES if self._api == "responses" else CHAT

    def _arguments(self, request: VisionRequest) -> dict[str, Any]:
        arguments = self._style.arguments(request, self._dialect)
        if self._max_output_tokens is not None:
            name = self._style.limit_name(self._dialect)
            arguments[name] = self._max_output_tokens
        return {"model": self.model} | arguments | self._parameters

    def _stream_arguments(self) -> dict[str, Any]:
        return dict(self._style.stream_arguments)

    def _read(self, reply: Any) -> Completion:
        return self._style.read(reply)

    def _decoder(self) -> StreamDecoder:
        return self._style.decoder(self.model)


def _key(api_key: str | None, *, foreign: bool) -> str:
    if api_key is not None:
        return api_key
    if foreign:
        return PLACEHOLDER_KEY
    if key := environment_key("openai"):
        return key
    if os.environ.get("OPENAI_BASE_URL"):
        return PLACEHOLDER_KEY
    raise missing_key("openai")
