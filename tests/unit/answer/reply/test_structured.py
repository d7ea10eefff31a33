from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from answering import figure, passage
from ragsight import SynthesizerOptions, VisionSynthesizer
from ragsight.errors import AnswerError, ConfigurationError
from ragsight.testing import FakeVisionBackend

SOURCES = [passage(), figure(1)]


class Maker(BaseModel):
    name: str
    city: str | None = None


class Valve(BaseModel):
    model_config = ConfigDict(strict=True)

    opens_at: float
    tested: datetime.date
    maker: Maker


DATA: dict[str, Any] = {"opens_at": 3.0, "tested": "2026-05-01", "maker": {"name": "ACME"}}
CITATIONS: list[Any] = [
    {"field": "opens_at", "sources": [1, 2]},
    {"field": "maker.name", "sources": [2]},
]


def reply(data: Any = DATA, citations: Any = CITATIONS) -> str:
    return json.dumps({"data": data, "citations": citations})


def asked(replies: Any, **options: Any) -> tuple[Any, FakeVisionBackend]:
    backend = FakeVisionBackend(replies)
    synthesizer = VisionSynthesizer(backend, options=SynthesizerOptions(**options))
    return synthesizer.answer("When?", SOURCES, schema=Valve), backend


def test_an_answer_has_the_form_of_its_schema_and_the_sources_of_each_field() -> None:
    answer, backend = asked(reply())

    assert answer.data == Valve(
        opens_at=3.0, tested=datetime.date(2026, 5, 1), maker=Maker(name="ACME")
    )
    assert json.loads(answer.text)["opens_at"] == 3.0
    assert [(c.n, c.chunk, c.fields) for c in answer.citations] == [
        (1, SOURCES[0], ("opens_at",)),
        (2, SOURCES[1], ("opens_at", "maker.name")),
    ]
    assert json.loads(json.dumps(answer.to_dict()))["data"]["tested"] == "2026-05-01"
    assert '"opens_at"' in backend.requests[0].system
    assert backend.requests[0].schema is not None
    assert not answer.warnings


@pytest.mark.parametrize("fence", ["```json\n{}\n```", "```\n{}\n```", "\n {} \n"])
def test_a_reply_in_a_fence_is_read_as_well(fence: str) -> None:
    answer, _ = asked(fence.replace("{}", reply()))

    assert answer.data.opens_at == 3.0


@pytest.mark.parametrize(
    ("first", "problem"),
    [
        ("At 3 bar [1].", "it is not JSON"),
        ("[1, 2]", 'no object with "data"'),
        (reply({**DATA, "opens_at": "three"}), "data.opens_at"),
        (reply({**DATA, "maker": {}}), "data.maker.name"),
    ],
)
def test_a_reply_in_another_form_is_asked_for_once_more_with_what_is_wrong(
    first: str, problem: str
) -> None:
    answer, backend = asked([first, reply()])

    assert answer.data.opens_at == 3.0
    assert problem in backend.requests[1].text
    assert len(answer.request_ids) == 2


def test_two_replies_in_another_form_are_an_error_that_names_the_schema() -> None:
    with pytest.raises(AnswerError, match=r"didn't give Valve in two attempts: it is not JSON"):
        asked("At 3 bar [1].")


@pytest.mark.parametrize("text", ["NO_ANSWER", reply(None, []), "**NO_ANSWER**"])
def test_sources_that_do_not_hold_the_answer_give_none(text: str) -> None:
    answer, backend = asked(text)

    assert (answer.abstained, answer.data) == (True, None)
    assert answer.text == "No relevant sources were found."
    assert len(backend.requests) == 1


@pytest.mark.parametrize(
    "citations",
    [None, "all", [1], [{"field": 3, "sources": [1]}], [{"field": "x", "sources": [True, "1"]}]],
)
def test_citations_in_another_form_count_for_nothing_and_a_warning_says_so(citations: Any) -> None:
    answer, _ = asked(reply(citations=citations))

    assert answer.citations == ()
    assert "cites no source" in answer.warnings[0]


def test_citations_of_what_does_not_exist_are_dropped_repaired_or_raised() -> None:
    wrong = reply(citations=[{"field": "opens_at", "sources": [9, 1]}])

    dropped, _ = asked(wrong)
    repaired, backend = asked([wrong, reply()], invalid_citations="repaired")

    assert (dropped.invalid_citations, [c.n for c in dropped.citations]) == ((9,), [1])
    assert (repaired.invalid_citations, len(backend.requests)) == ((), 2)
    with pytest.raises(AnswerError, match="9"):
        asked(wrong, invalid_citations="raised")


async def test_without_an_event_loop_and_with_one_it_is_the_same() -> None:
    synthesizer = VisionSynthesizer(FakeVisionBackend(reply()))

    whole = synthesizer.answer("When?", SOURCES, schema=Valve)

    assert await synthesizer.aanswer("When?", SOURCES, schema=Valve) == whole


@pytest.mark.parametrize("schema", [dict, Valve.model_construct(), "Valve"])
def test_what_is_no_schema_is_refused(schema: Any) -> None:
    with pytest.raises(ConfigurationError, match="BaseModel"):
        VisionSynthesizer(FakeVisionBackend()).answer("When?", SOURCES, schema=schema)
