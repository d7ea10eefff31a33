"""Servers that speak OpenAI's Chat API: Ollama, vLLM, llama.cpp, LM Studio, gateways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ragsight.answer.model.messages import Completion, VisionRequest
from ragsight.answer.providers.abilities import (
    ProbeReply,
    ServerAbilities,
    listed_abilities,
    probed_abilities,
)
from ragsight.answer.providers.failures import provider_errors
from ragsight.answer.providers.openai import OpenAIBackend
from ragsight.answer.providers.openai_wire import CHAT, Dialect
from ragsight.errors import BackendError, ConfigurationError
from ragsight.steps import Await, Steps, arun, run

REFUSALS = frozenset({400, 413, 415, 422, 500, 501})
"""What servers answer to what they don't take; llama.cpp says 500 to images it has no eyes for."""

MOST_IMAGES = 8
"""How many images `probe` tries unless told otherwise."""

MOST_NAMES = 10
"""How many models a message names."""


class OpenAICompatibleBackend(OpenAIBackend):
    """A model on a server of your own.

    It is sent one image in PNG or JPEG, unless you say or `probe` finds that it takes more.

    Args:
        model: The model's name on the server.
        base_url: The server's address, up to and including `/v1`.
        api_key: The key, if it asks for one; no key of the environment is sent.
        abilities: What it takes, if you know.
        timeout: Seconds that a request may take; a model that isn't loaded yet takes its time.
        max_retries: How often a refused or failed request is tried again.
        max_output_tokens: Longest answer.
        **parameters: Sent with each request as they are.

    Attributes:
        abilities: What it takes, as far as is known.

    Raises:
        MissingExtraError: If the package `openai` isn't installed.
        ConfigurationError: If the SDK doesn't know a parameter.

    Example:
        >>> backend = OpenAICompatibleBackend("qwen2.5vl", "http://localhost:11434/v1")
        >>> backend.profile.default_images
        1
        >>> backend.probe()  # doctest: +SKIP
        ServerAbilities(max_images=8, ...)
    """

    _provider = "The model server"

    def __init__(
        self,
        model: str,
        base_url: str,
        *,
        api_key: str | None = None,
        abilities: ServerAbilities | None = None,
        timeout: float = 120,
        max_retries: int = 2,
        max_output_tokens: int | None = None,
        **parameters: Any,
    ) -> None:
        super().__init__(
            model,
            api_key=api_key,
            base_url=base_url,
            api="chat",
            timeout=timeout,
            max_retries=max_retries,
            max_output_tokens=max_output_tokens,
            **parameters,
        )
        self._use(abilities if abilities is not None else ServerAbilities())

    def probe(self, *, most_images: int = MOST_IMAGES) -> ServerAbilities:
        """Find out what the server takes, by its list of models and a few small requests.

        From then on the backend makes use of it. Ask once, when the model is loaded: each request
        has the model read a few tiny images and write one word.

        Args:
            most_images: How many images to try at the most.

        Returns:
            What it takes.

        Raises:
            ConfigurationError: If it doesn't serve the model.
            BackendError: If it can't be reached or fails.
        """
        return run(self._probing(most_images))

    async def aprobe(self, *, most_images: int = MOST_IMAGES) -> ServerAbilities:
        """Find out what the server takes without blocking the event loop; see `probe`."""
        return await arun(self._probing(most_images))

    def _probing(self, most_images: int) -> Steps[ServerAbilities]:
        try:
            listing = yield from Await(self._listing, self._alisting)
        except BackendError as error:
            listing = _unlisted(error)

        def probe(request: VisionRequest) -> Steps[ProbeReply]:
            try:
                reply = yield from Await(self._probed, self._aprobed, request)
            except BackendError as error:
                return self._refused(error, request, listing)
            usage = reply.usage
            return ProbeReply(input_tokens=None if usage is None else usage.input_tokens)

        known = listed_abilities(self.model, listing)
        self._use((yield from probed_abilities(known, probe, most_images=most_images)))
        return self.abilities

    def _listing(self) -> list[dict[str, Any]]:
        client = self._clients.sync().with_options(max_retries=0)
        with provider_errors(self._endpoint):
            return [entry.to_dict() for entry in client.models.list().data]

    async def _alisting(self) -> list[dict[str, Any]]:
        client = self._clients.of_this_loop().with_options(max_retries=0)
        with provider_errors(self._endpoint):
            return [entry.to_dict() for entry in (await client.models.list()).data]

    def _probed(self, request: VisionRequest) -> Completion:
        client = self._clients.sync().with_options(max_retries=0)
        with provider_errors(self._endpoint):
            reply = self._create(client)(**self._probe_arguments(request))
        return self._understood(reply)

    async def _aprobed(self, request: VisionRequest) -> Completion:
        client = self._clients.of_this_loop().with_options(max_retries=0)
        with provider_errors(self._endpoint):
            reply = await self._create(client)(**self._probe_arguments(request))
        return self._understood(reply)

    def _use(self, abilities: ServerAbilities) -> None:
        self.abilities = abilities
        self.profile = abilities.profile
        self._dialect = Dialect(detail=False, schemas=abilities.schemas, old_limit=True)

    def _probe_arguments(self, request: VisionRequest) -> dict[str, Any]:
        # With a schema even if that isn't known to be taken: it is what is to be found out.
        arguments = CHAT.arguments(request, Dialect(detail=False, schemas=True, old_limit=True))
        return {"model": self.model, "max_tokens": 1} | arguments

    def _refused(
        self, error: BackendError, request: VisionRequest, listing: Sequence[Mapping[str, Any]]
    ) -> ProbeReply:
        """What a refusal tells; anything but a refusal, and one of plain text, is an error."""
        if error.status == 404 and listing:
            names = ", ".join(str(entry.get("id")) for entry in listing[:MOST_NAMES])
            raise ConfigurationError(
                f"The server at {self._endpoint.address} doesn't serve {self.model!r}. It serves "
                f"{names}."
            ) from error
        if error.status not in REFUSALS or not (request.images or request.schema):
            raise error
        return ProbeReply(refusal=str(error))


def _unlisted(error: BackendError) -> list[dict[str, Any]]:
    """An empty list of models, for servers that have none."""
    if error.status not in {404, 405, 501}:
        raise error
    return []
