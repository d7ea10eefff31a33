"""What a server of one's own can do is found out by asking it, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from answering import figure, passage
from fakes.openai_server import LOCAL_FORMATS, FakeOpenAI
from ragsight.answer import OpenAICompatibleBackend, ServerAbilities, VisionSynthesizer
from ragsight.errors import BackendError, ConfigurationError


def backend_of(server: FakeOpenAI, **options: Any) -> OpenAICompatibleBackend:
    return OpenAICompatibleBackend("qwen2.5vl", server.base_url, max_retries=0, **options)


async def probe(server: FakeOpenAI, **options: Any) -> ServerAbilities:
    """Both ways of asking, which must find the same."""
    backend = backend_of(server)
    found = backend.probe(**options)
    assert await backend.aprobe(**options) == found == backend.abilities
    await backend.aclose()
    backend.close()
    return found


async def test_a_server_that_takes_several_images_is_sent_several() -> None:
    figures = [figure(n) for n in range(5)]
    with FakeOpenAI(local=True, max_images=4) as server:
        backend = backend_of(server)
        before = VisionSynthesizer(backend).answer("What?", figures)
        found = backend.probe()
        after = VisionSynthesizer(backend).answer("What?", figures)
        backend.close()

    assert found.max_images == 4
    assert (len(before.images), len(after.images)) == (1, 4)
    assert len(server.requests[-1].images) == 4


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8, 40])
async def test_the_number_that_a_refusal_names_is_used(limit: int) -> None:
    with FakeOpenAI(local=True, max_images=limit) as server:
        assert (await probe(server)).max_images == min(limit, 8)


async def test_where_a_refusal_names_no_number_half_as_many_are_tried() -> None:
    with FakeOpenAI(local=True) as server:
        server.refuse_images_over(3, "no")
        assert (await probe(server)).max_images == 2


async def test_images_that_cost_nothing_were_not_seen() -> None:
    with FakeOpenAI(local=True) as server:
        server.sees = 1
        assert (await probe(server)).max_images == 1


async def test_a_server_that_does_not_count_tokens_is_believed() -> None:
    with FakeOpenAI(local=True, max_images=6) as server:
        server.report_usage = False
        assert (await probe(server)).max_images == 6


async def test_a_model_without_eyes_gets_no_images_and_the_answer_says_so() -> None:
    with FakeOpenAI(local=True, max_images=0) as server:
        backend = backend_of(server)
        backend.probe()
        answer = VisionSynthesizer(backend).answer("What?", [figure(1, text="A red valve.")])
        backend.close()

    assert backend.abilities.max_images == 0
    assert not server.requests[-1].images
    assert "was not used" in answer.warnings[0]


@pytest.mark.parametrize("webp", [True, False])
@pytest.mark.parametrize("schemas", [True, False])
async def test_formats_and_schemas_are_found_out(webp: bool, schemas: bool) -> None:
    with FakeOpenAI(local=True) as server:
        server.formats = LOCAL_FORMATS | ({"image/webp"} if webp else set())
        server.schemas = schemas
        found = await probe(server)

    assert ("image/webp" in found.formats) is webp
    assert found.schemas is schemas
    assert found.profile.rule("high").limits.formats == found.formats


@pytest.mark.parametrize(
    ("entry", "server_name", "context"),
    [
        ({"owned_by": "vllm", "max_model_len": 32_768}, "vLLM", 32_768),
        ({"owned_by": "llamacpp", "meta": {"n_ctx": 8192, "n_ctx_train": 9}}, "llama.cpp", 8192),
        ({"owned_by": "library"}, "Ollama", None),
        ({"owned_by": "somebody"}, "", None),
    ],
)  # fmt: skip
async def test_what_the_list_of_models_says_is_used(
    entry: dict[str, Any], server_name: str, context: int | None
) -> None:
    with FakeOpenAI(local=True) as server:
        server.models = [{"id": "qwen2.5vl", "object": "model", "created": 1, **entry}]
        found = await probe(server)

    assert (found.server, found.context, found.models) == (server_name, context, ("qwen2.5vl",))
    assert found.profile.context == context


async def test_a_model_that_is_not_served_is_an_error_that_names_those_that_are() -> None:
    with FakeOpenAI(local=True) as server:
        server.models = [{"id": "llava", "object": "model", "created": 1, "owned_by": "library"}]
        backend = backend_of(server)
        with pytest.raises(ConfigurationError, match=r"doesn't serve 'qwen2.5vl'. It serves llava"):
            backend.probe()
        with pytest.raises(ConfigurationError, match="llava"):
            await backend.aprobe()
        await backend.aclose()
        backend.close()


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_failure_is_no_finding(status: int) -> None:
    with FakeOpenAI(local=True) as server:
        backend = backend_of(server)
        server.fail(status, times=20)
        with pytest.raises(BackendError, match=f"status {status}"):
            backend.probe()
        backend.close()

    assert backend.profile.default_images == 1


async def test_a_server_that_is_not_there_is_an_error_with_its_address() -> None:
    with FakeOpenAI(local=True) as server:
        backend = backend_of(server)

    with pytest.raises(BackendError, match=r"model server .* could not be reached at http://127"):
        backend.probe()
    backend.close()


def test_abilities_that_are_known_need_no_probe() -> None:
    abilities = ServerAbilities(max_images=2, schemas=True)
    with FakeOpenAI(local=True, max_images=2) as server:
        backend = backend_of(server, abilities=abilities)
        answer = VisionSynthesizer(backend).answer("?", [passage(), *(figure(n) for n in range(3))])
        backend.close()

    assert len(answer.images) == 2
    assert not server.violations
