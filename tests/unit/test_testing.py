from __future__ import annotations

import pytest

from answering import figure, passage
from ragsight.answer import VisionBackend, VisionSynthesizer
from ragsight.errors import BackendError
from ragsight.testing import FakeVisionBackend


def test_the_fake_is_a_backend() -> None:
    assert isinstance(FakeVisionBackend(), VisionBackend)


async def test_all_four_ways_of_asking_give_the_same_answer() -> None:
    synthesizer = VisionSynthesizer(FakeVisionBackend("At 3 bar [1], see [2]."))
    sources = [passage(), figure(1)]

    whole = synthesizer.answer("When?", sources)
    stream = synthesizer.stream("When?", sources)
    pieces = list(stream)
    astream = synthesizer.astream("When?", sources)
    apieces = [piece async for piece in astream]

    assert await synthesizer.aanswer("When?", sources) == whole
    assert stream.answer == astream.answer == whole
    assert "".join(pieces) == "".join(apieces) == whole.text
    assert len(pieces) > 3


def test_a_reply_may_be_a_function_of_the_request() -> None:
    backend = FakeVisionBackend(lambda request: f"I saw {len(request.images)} image [1].")

    assert VisionSynthesizer(backend).answer("What?", [figure(1)]).text == "I saw 1 image [1]."


def test_replies_are_given_in_turn_and_the_last_one_stays() -> None:
    synthesizer = VisionSynthesizer(FakeVisionBackend(["One [1].", "Two [1]."]))

    texts = [synthesizer.answer("What?", [passage()]).text for _ in range(3)]

    assert texts == ["One [1].", "Two [1].", "Two [1]."]


def test_an_error_is_raised_as_told() -> None:
    synthesizer = VisionSynthesizer(FakeVisionBackend(error=BackendError("no", status=503)))

    with pytest.raises(BackendError, match="no"):
        synthesizer.answer("What?", [passage()])
