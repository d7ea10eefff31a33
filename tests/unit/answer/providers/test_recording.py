from __future__ import annotations

import json
from pathlib import Path

import pytest

from answering import figure, passage
from ragsight import Chunk, Source, VisionSynthesizer
from ragsight.answer import RequestSaver, SentRequest
from ragsight.errors import AnswerError
from ragsight.testing import FakeVisionBackend


def test_what_is_saved_is_what_was_sent(tmp_path: Path) -> None:
    backend = FakeVisionBackend()
    synthesizer = VisionSynthesizer(backend, on_request=RequestSaver(tmp_path / "sent"))

    synthesizer.answer("When?", [passage(), figure(1)])
    synthesizer.answer("Why?", [passage()])

    folder = tmp_path / "sent" / "000001"
    saved = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    (image,) = backend.requests[0].images
    assert saved["model"] == "fake-vision"
    assert saved["system"] == backend.requests[0].system
    (entry,) = [part for part in saved["parts"] if "image" in part]
    assert entry["n"] == 2
    assert (folder / entry["image"]).read_bytes() == image.data
    texts = [part["text"] for part in saved["parts"] if "text" in part]
    assert "\n".join(texts) == backend.requests[0].text
    assert sorted(path.name for path in (tmp_path / "sent").iterdir()) == ["000001", "000002"]


def test_a_later_run_overwrites_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        VisionSynthesizer(FakeVisionBackend(), on_request=RequestSaver(tmp_path)).answer(
            "When?", [passage()]
        )

    assert len(list(tmp_path.iterdir())) == 2


def test_no_name_on_the_disk_comes_from_a_source(tmp_path: Path) -> None:
    evil = Chunk(text="x", source=Source(uri="../../evil"), metadata={"label": "../../evil"})

    VisionSynthesizer(FakeVisionBackend(), on_request=RequestSaver(tmp_path / "a")).answer(
        "../../evil", [evil]
    )

    names = {path.name for path in tmp_path.rglob("*")}
    assert names == {"a", "000001", "request.json"}


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    synthesizer = VisionSynthesizer(FakeVisionBackend(), on_request=RequestSaver(tmp_path / "file"))

    with pytest.raises(AnswerError, match=r"file: the request can't be saved"):
        synthesizer.answer("When?", [passage()])


async def test_the_hook_sees_every_request_in_every_way_of_asking() -> None:
    seen: list[SentRequest] = []
    synthesizer = VisionSynthesizer(FakeVisionBackend(), on_request=seen.append)

    synthesizer.answer("1?", [passage()])
    await synthesizer.aanswer("2?", [passage()])
    list(synthesizer.stream("3?", [passage()]))
    _ = [piece async for piece in synthesizer.astream("4?", [passage()])]

    assert [sent.request.text.splitlines()[-2] for sent in seen] == ["1?", "2?", "3?", "4?"]
