from __future__ import annotations

import asyncio
from typing import Any

import pytest

from answering import WAYS, ask_in, figure, passage
from ragsight import SynthesizerOptions, VisionSynthesizer
from ragsight.answer import Answer, Completion, OpenAICompatibleBackend, VisionRequest
from ragsight.answer.model.profiles import CLAUDE_4_7, LOCAL, OPENAI_PROFILES
from ragsight.answer.providers.failures import ImageRefusedError, image_limits
from ragsight.errors import AnswerError, BackendError, StreamInterruptedError
from ragsight.testing import FakeVisionBackend

SOURCES = [passage(), figure(1), figure(2)]


async def ask(synthesizer: VisionSynthesizer, way: str) -> tuple[str, Answer]:
    return await ask_in(way, synthesizer, SOURCES)


@pytest.mark.parametrize("way", WAYS)
async def test_another_backend_answers_within_its_own_limits_and_a_warning_says_so(
    way: str,
) -> None:
    first = FakeVisionBackend("", error=BackendError("it is down", status=529))
    second = FakeVisionBackend("At 3 bar [1].", profile=CLAUDE_4_7)

    shown, answer = await ask(VisionSynthesizer(first, fallbacks=[second]), way)

    assert shown == answer.text == "At 3 bar [1]."
    assert len(first.requests[0].images) == 1
    assert len(second.requests[0].images) == 2
    assert "it is down" in answer.warnings[0]


async def test_a_fallback_that_cannot_look_so_closely_looks_as_it_does() -> None:
    first = FakeVisionBackend("", error=BackendError("it is down"), profile=CLAUDE_4_7)
    second = FakeVisionBackend("At 3 bar [1].", profile=OPENAI_PROFILES["gpt-4o"])
    options = SynthesizerOptions(detail="original")

    answer = VisionSynthesizer(first, fallbacks=[second], options=options).answer("?", SOURCES)

    assert second.requests[0].detail == "high"
    assert "detail='original'" in answer.warnings[1]


@pytest.mark.parametrize("way", ["stream", "astream"])
async def test_a_stream_that_breaks_off_after_its_first_words_is_not_begun_again(way: str) -> None:
    first = FakeVisionBackend("At 3", error=StreamInterruptedError("gone", partial="At 3"))
    second = FakeVisionBackend("At 3 bar [1].")

    with pytest.raises(StreamInterruptedError) as caught:
        await ask(VisionSynthesizer(first, fallbacks=[second]), way)

    assert caught.value.partial == "At 3"
    assert not second.requests


@pytest.mark.parametrize("way", WAYS)
async def test_where_all_backends_fail_the_last_error_is_raised(way: str) -> None:
    backends = [FakeVisionBackend("", error=BackendError(f"error {n}")) for n in range(3)]

    with pytest.raises(BackendError, match="error 2"):
        await ask(VisionSynthesizer(backends[0], fallbacks=backends[1:]), way)


@pytest.mark.parametrize("way", WAYS)
async def test_invalid_citations_are_taken_out_of_what_is_shown(way: str) -> None:
    shown, answer = await ask(VisionSynthesizer(FakeVisionBackend("At 3 bar [1, 9] [8].")), way)

    assert shown == answer.text == "At 3 bar [1]."
    assert answer.invalid_citations == (9, 8)
    assert "9, 8" in answer.warnings[-1]


@pytest.mark.parametrize("way", WAYS)
async def test_invalid_citations_may_be_repaired_by_asking_once_more(way: str) -> None:
    backend = FakeVisionBackend(["At 3 bar [9].", "At 3 bar [1]."])
    options = SynthesizerOptions(invalid_citations="repaired")

    shown, answer = await ask(VisionSynthesizer(backend, options=options), way)

    assert shown == answer.text == "At 3 bar [1]."
    assert not answer.invalid_citations
    assert len(answer.request_ids) == len(backend.requests) == 2
    assert "At 3 bar [9]." in backend.requests[1].text
    assert "numbered from 1 to 3" in backend.requests[1].text


async def test_what_is_invalid_after_the_repair_is_taken_out() -> None:
    backend = FakeVisionBackend("At 3 bar [9].")
    options = SynthesizerOptions(invalid_citations="repaired")

    _, answer = await ask(VisionSynthesizer(backend, options=options), "answer")

    assert (answer.text, answer.invalid_citations, len(backend.requests)) == ("At 3 bar.", (9,), 2)


@pytest.mark.parametrize("way", WAYS)
async def test_invalid_citations_may_be_an_error(way: str) -> None:
    options = SynthesizerOptions(invalid_citations="raised")
    synthesizer = VisionSynthesizer(FakeVisionBackend("At 3 bar [9]."), options=options)

    with pytest.raises(AnswerError, match="cites 9, but there are 3 sources"):
        await ask(synthesizer, way)


class _Picky(FakeVisionBackend):
    """Refuses images until they keep a limit."""

    def __init__(self, limits: dict[str, int], **options: Any) -> None:
        super().__init__("At 3 bar [1].", **options)
        self.limits = limits

    def _completion(self, request: VisionRequest) -> Completion:
        completion = super()._completion(request)
        too_many = len(request.images) > self.limits.get("max_images", 99)
        too_large = any(i.width > self.limits.get("max_edge", 9999) for i in request.images)
        if too_many or too_large:
            raise ImageRefusedError("refused", status=400, limits=self.limits)
        return completion


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("limits", [{"max_images": 1}, {"max_edge": 100}])
async def test_a_refusal_of_images_with_a_limit_is_met_with_exactly_that_limit_once(
    way: str, limits: dict[str, int]
) -> None:
    backend = _Picky(limits, profile=CLAUDE_4_7)

    _, answer = await ask(VisionSynthesizer(backend), way)

    assert len(backend.requests) == 2
    images = backend.requests[1].images
    assert len(images) == limits.get("max_images", 2)
    assert max(image.width for image in images) == limits.get("max_edge", 320)
    assert "refused" in answer.warnings[0]
    if "max_images" in limits:
        assert any("only 1 image is sent" in warning for warning in answer.warnings)


async def test_a_second_refusal_is_an_error() -> None:
    backend = FakeVisionBackend("", error=ImageRefusedError("no", limits={"max_edge": 500}))

    with pytest.raises(BackendError, match="no"):
        await ask(VisionSynthesizer(backend), "answer")

    assert len(backend.requests) == 2


@pytest.mark.parametrize(
    ("message", "limits"),
    [
        ("At most 4 image(s) may be provided in one prompt.", {"max_images": 4}),
        (
            "messages.0.content.3.image.source.base64.data: At least one of the image dimensions "
            "exceed max allowed size for many-image requests: 2000 pixels",
            {"max_edge": 2000},
        ),
        (
            "image exceeds 5 MB maximum: 5316852 bytes > 5242880 bytes",
            {"max_bytes": 3_932_160},
        ),
        ("Could not process image", {}),
        ("max_tokens is larger than 8000 pixels", {}),
    ],
)
def test_limits_are_read_from_what_servers_say(message: str, limits: dict[str, int]) -> None:
    assert image_limits(message) == limits


def test_a_low_score_gate_leaves_nothing_to_ask() -> None:
    from ragsight.retrieval.hits import Hit

    backend = FakeVisionBackend()
    hits = [Hit(passage(), 0.2), Hit(figure(1), 0.1)]
    gate = VisionSynthesizer(backend, options=SynthesizerOptions(min_score=0.15))

    kept = gate.answer("When?", hits)
    none = gate.answer("When?", hits[1:])

    assert [entry.cause for entry in kept.dropped] == ["score"]
    assert not kept.warnings
    assert (none.abstained, none.finish_reason) == (True, "no_sources")
    assert len(backend.requests) == 1


def test_a_small_context_is_shared_by_texts_images_and_the_answer() -> None:
    images, texts = SynthesizerOptions().budgets(8000)

    assert images + texts == 6000
    assert SynthesizerOptions(image_token_budget=7).budgets(8000) == (7, texts)


def test_a_compatible_backend_keeps_the_one_image_of_a_server_that_nobody_asked() -> None:
    backend = OpenAICompatibleBackend("m", "http://localhost:1/v1")

    assert backend.profile.default_images == LOCAL.default_images == 1


async def test_streams_close_at_the_end_of_their_block() -> None:
    synthesizer = VisionSynthesizer(FakeVisionBackend("At 3 bar [1]."))

    with synthesizer.stream("When?", SOURCES) as stream:
        next(stream)
    async with synthesizer.astream("When?", SOURCES) as astream:
        await anext(astream)

    assert list(stream) == []
    assert [piece async for piece in astream] == []


async def test_the_other_requests_are_given_up_once_one_fails_for_good() -> None:
    given_up: list[str] = []

    class Broken(FakeVisionBackend):
        async def acomplete(self, request: VisionRequest) -> Completion:
            if len(self.requests) == 0:
                self.requests.append(request)
                await asyncio.sleep(0.05)
                raise LookupError("a bug")
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                given_up.append(request.text)
                raise
            raise AssertionError

    synthesizer = VisionSynthesizer(Broken(), options=SynthesizerOptions(overflow="map_reduce"))

    with pytest.raises(LookupError):
        await synthesizer.aanswer("When?", SOURCES)
    await asyncio.sleep(0)

    assert len(given_up) == 1
