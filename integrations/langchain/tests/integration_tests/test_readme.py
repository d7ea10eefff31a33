"""The README's examples, run from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from drawings import noise
from fakes.openai_server import FakeOpenAI
from fakes.recorded import RecordedRequest
from fakes.tool_calls import ToolCall
from langchain_ragsight import images_of

README = Path(__file__).parents[2] / "README.md"
FENCES = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.S | re.M)


def reply(request: RecordedRequest) -> ToolCall | str:
    """A model that searches where it may, and answers where it was shown something."""
    if request.tools and not request.results:
        return ToolCall("search_shop", {"query": "red shoes"})
    return "The red shoes [1]." if request.images else "I was shown no picture."


def test_the_readmes_examples_run(
    tmp_path: Path,
    clip_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    noise(0).save(tmp_path / "shoe.png")
    (tmp_path / "shop.csv").write_text("name,price,image\nRed shoes,39.9,shoe.png\n")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"chat_model": FakeListChatModel(responses=["Those [1]."])}
    with FakeOpenAI(reply, local=True) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        for fence in FENCES:
            if "store.close()" in fence:
                last = names["chain"].invoke("red shoes")
            # The model hub can't be reached from a test.
            offline = fence.replace("ClipEncoder()", f"ClipEncoder({str(clip_folder)!r})")
            source = offline.replace("openai/clip-vit-base-patch32", str(clip_folder))
            # Compiled as a reader's file would be, without this file's postponed annotations.
            exec(compile(source, "README.md", "exec", dont_inherit=True), names)
        names["synthesizer"].core.backend.close()

    assert server.violations == []
    assert len(FENCES) >= 14
    assert [d.page_content for d in names["similar"]] == ["A keyring, shaped like a shoe"]
    assert names["indexed"]["num_added"] == 1
    assert {d.metadata["price"] for d in names["below_50"]} == {39.9, 12.5}
    assert len(images_of(names["found"])) == 1
    assert names["answer"].citations[0].chunk.metadata["price"] == 39.9
    assert [d.page_content for d in names["many"][0]] == [names["many"][0][0].page_content]
    assert last.content == "Those [1]."
    printed = capsys.readouterr().out
    assert printed.startswith("The red shoes [1].\nThe red shoes [1].")
    assert printed.endswith("The red shoes [1].\nThe red shoes [1].\n")
