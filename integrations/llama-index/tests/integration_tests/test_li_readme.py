"""The README's examples, run from top to bottom."""

from __future__ import annotations

import gc
import re
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, MessageRole, ToolCallBlock
from llama_index.core.llms.mock import MockFunctionCallingLLM
from reportlab.pdfgen.canvas import Canvas

from drawings import noise
from fakes.openai_server import FakeOpenAI

README = Path(__file__).parents[2] / "README.md"
FENCES = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.S | re.M)


OPENAI = "from llama_index.llms.openai import OpenAI\n"


def replies(messages: list[ChatMessage], **options: Any) -> ChatMessage:
    """A model that asks its tool, where it has one, and then answers."""
    told = [message for message in messages if message.role == MessageRole.TOOL]
    if options.get("tools") and not told:
        call = ToolCallBlock(tool_call_id="1", tool_name="catalogue", tool_kwargs={"input": "red"})
        return ChatMessage(role="assistant", blocks=[call])
    return ChatMessage(role="assistant", content="The red shoes [1].")


def openai(_: str) -> MockFunctionCallingLLM:
    """Instead of a model that costs money."""
    return MockFunctionCallingLLM(response_generator=replies, is_chat_model=True)


# LlamaIndex's agents look at all of their own attributes, deprecated ones of pydantic too.
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211")
def test_the_readmes_examples_run(
    tmp_path: Path,
    clip_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    noise(0).save(tmp_path / "shoe.png")
    (tmp_path / "shop.csv").write_text("name,price,image\nRed shoes,39.9,shoe.png\n")
    canvas = Canvas(str(tmp_path / "manual.pdf"))
    canvas.drawString(72, 700, "The pump moves water through the filter.")
    canvas.save()
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"OpenAI": openai}
    with FakeOpenAI(reply="The red shoes [1].", local=True) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        for fence in FENCES:
            # The model hub can't be reached from a test.
            offline = fence.replace("ClipEncoder()", f"ClipEncoder({str(clip_folder)!r})")
            offline = offline.replace(OPENAI, "")
            exec(offline.replace("openai/clip-vit-base-patch32", str(clip_folder)), names)
        names["store"].close()
        names["vector_store"].client.close()
        names["synthesizer"].core.backend.close()

    assert len(FENCES) >= 8
    assert server.violations == []
    [citation] = names["response"].metadata["citations"]
    assert citation["node_id"] == names["response"].source_nodes[0].node_id
    assert len(names["nodes"]) == 2
    assert len(names["found"]) == 2
    assert names["alike"][0].metadata["file_path"].endswith("shoe.png")
    assert str(names["reply"]) == "The red shoes [1]."
    assert capsys.readouterr().out.startswith("The red shoes [1].\n1 Red shoes (shop.csv)")
    names.clear()
    gc.collect()  # what was left open is told of here, not in another test
