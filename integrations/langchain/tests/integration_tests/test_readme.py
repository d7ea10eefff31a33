"""The README's examples, run from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from drawings import noise
from fakes.openai_server import FakeOpenAI
from langchain_ragsight import images_of

README = Path(__file__).parents[2] / "README.md"
FENCES = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.S | re.M)


class Scripted(FakeListChatModel):
    """Says the same always, tools or not."""

    def bind_tools(self, *_: Any, **__: Any) -> Any:
        return self


def test_the_readmes_examples_run(
    tmp_path: Path,
    clip_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    noise(0).save(tmp_path / "shoe.png")
    (tmp_path / "shop.csv").write_text("name,price,image\nRed shoes,39.9,shoe.png\n")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"chat_model": Scripted(responses=["Those [1]."])}
    with FakeOpenAI(reply="The red shoes [1].", local=True) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        for fence in FENCES:
            # The model hub can't be reached from a test.
            offline = fence.replace("ClipEncoder()", f"ClipEncoder({str(clip_folder)!r})")
            source = offline.replace("openai/clip-vit-base-patch32", str(clip_folder))
            # Compiled as a reader's file would be, without this file's postponed annotations.
            exec(compile(source, "README.md", "exec", dont_inherit=True), names)
        last = names["chain"].invoke("red shoes")
        names["store"].close()
        names["synthesizer"].core.backend.close()

    assert len(FENCES) >= 10
    assert server.images
    assert [d.page_content for d in names["similar"]] == ["A keyring, shaped like a shoe"]
    assert len(images_of(names["found"])) == 1
    assert names["answer"].citations[0].chunk.metadata["price"] == 39.9
    assert last.content == "Those [1]."
    out = capsys.readouterr().out
    assert out.startswith("The red shoes [1].")
    assert out.endswith("The red shoes [1].\n")
