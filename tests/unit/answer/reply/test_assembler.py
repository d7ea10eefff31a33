from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answering import figure, passage
from ragsight.answer.model.messages import Completion, TextDelta, Usage
from ragsight.answer.model.profiles import LOCAL
from ragsight.answer.reply.assembler import AnswerAssembler, finish_answer
from ragsight.answer.reply.result import Answer
from ragsight.answer.request.options import SynthesizerOptions
from ragsight.answer.request.plan import RequestPlan, plan_request
from ragsight.errors import StreamInterruptedError

SOURCES = [passage(), figure(1), passage("See https://example.org/pump for more.", page=7)]
PLAN = plan_request("When?", SOURCES, LOCAL, SynthesizerOptions())


def finish(text: str, plan: RequestPlan = PLAN, **fields: Any) -> Answer:
    return finish_answer(plan, Completion(text=text, model="m", **fields))


def streamed(pieces: list[str]) -> tuple[str, Answer]:
    assembler = AnswerAssembler(PLAN)
    shown = [assembler.feed(TextDelta(piece)) for piece in pieces]
    shown.append(assembler.feed(Completion(text="".join(pieces), model="m")))
    shown.append(assembler.close())
    assert assembler.answer is not None
    return "".join(shown), assembler.answer


def test_citations_lead_back_to_their_chunks_in_order_of_mention() -> None:
    answer = finish("It shows [2] what is said [1] there [2].")

    assert [(c.n, c.chunk) for c in answer.citations] == [(2, SOURCES[1]), (1, SOURCES[0])]
    assert [answer.text[slice(*span)] for span in answer.citations[0].spans] == ["[2]", "[2]"]
    assert answer.sources == tuple(SOURCES)


def test_a_number_that_no_source_has_is_reported_and_cites_nothing() -> None:
    answer = finish("So it is [1, 9] [0].")

    assert [c.n for c in answer.citations] == [1]
    assert answer.invalid_citations == (9, 0)


@pytest.mark.parametrize("reply", ["NO_ANSWER", " NO_ANSWER.\n", "**NO_ANSWER**", "[NO_ANSWER]"])
def test_the_sentinel_alone_is_an_abstention_with_a_readable_text(reply: str) -> None:
    answer = finish(reply)

    assert answer.abstained
    assert answer.text == "No relevant sources were found."
    assert not answer.warnings


def test_words_after_the_sentinel_stay() -> None:
    answer = finish("NO_ANSWER: the manual names no price.")

    assert answer.abstained
    assert answer.text == "the manual names no price."


def test_an_answer_without_citations_carries_a_warning() -> None:
    answer = finish("At 3 bar.")

    assert not answer.abstained
    assert "cites no source" in answer.warnings[0]


@pytest.mark.parametrize(
    ("reason", "warning"), [("length", "cut off"), ("refusal", "declined"), ("stop", None)]
)
def test_an_unusual_ending_carries_a_warning(reason: str, warning: str | None) -> None:
    answer = finish("It is [1]", finish_reason=reason)

    assert answer.finish_reason == reason
    assert [warning in text for text in answer.warnings] == ([True] if warning else [])


def test_a_link_that_no_source_holds_is_flagged() -> None:
    good = finish("See https://example.org/pump. [3]")
    bad = finish("See (https://evil.example/?q=secret) [3].")

    assert not good.warnings
    assert "https://evil.example/?q=secret" in bad.warnings[0]


def test_the_answer_carries_what_the_provider_said() -> None:
    usage = Usage(input_tokens=10, output_tokens=3, cached_tokens=2)

    answer = finish("Yes [1].", usage=usage, request_id="req_7")

    assert (answer.usage, answer.model, answer.request_id) == (usage, "m", "req_7")
    assert usage.total_tokens == 13


def test_an_answer_becomes_json_without_image_bytes() -> None:
    data = json.loads(json.dumps(finish("See [2], [8].").to_dict()))

    assert data["citations"][0]["n"] == 2
    assert data["citations"][0]["spans"] == [[4, 7]]
    assert data["invalid_citations"] == [8]
    assert "data" not in data["sources"][1]["image"]


PIECES = st.lists(
    st.sampled_from(["NO_", "ANSWER", "NO_ANSWER", "[1", "]", "[2, 3]", " a", ".", "\n", "`", "N"])
    | st.text(max_size=3),
    max_size=12,
)


@given(PIECES, st.data())
def test_a_text_cut_anywhere_gives_the_same_answer_and_shows_all_of_it(
    parts: list[str], data: st.DataObject
) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    ends = [0, *cuts, len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(ends)]

    shown, answer = streamed(pieces)

    assert answer == finish(text)
    assert shown == answer.text
    assert "NO_ANSWER" not in shown


def test_a_stream_without_its_end_is_an_error_with_the_partial_text() -> None:
    assembler = AnswerAssembler(PLAN)
    assembler.feed(TextDelta("At 3 b"))

    with pytest.raises(StreamInterruptedError) as caught:
        assembler.close()

    assert caught.value.partial == "At 3 b"


@pytest.mark.parametrize("reply", ["", " \n"])
def test_an_empty_reply_says_so_and_not_that_it_cites_nothing(reply: str) -> None:
    assert [warning[:27] for warning in finish(reply).warnings] == ["The model's reply was empty"]
