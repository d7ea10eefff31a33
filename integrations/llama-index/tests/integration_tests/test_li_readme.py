"""The README's examples, run from top to bottom."""

from __future__ import annotations

import gc
import re
from pathlib import Path
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from drawings import noise
from fakes.openai_server import FakeOpenAI
from fakes.recorded import RecordedRequest
from fakes.tool_calls import ToolCall

README = Path(__file__).parents[2] / "README.md"
FENCES = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.S | re.M)


def replies(request: RecordedRequest) -> str | ToolCall:
    """A model that asks its tool, where it has one, and then answers."""
    if request.tools and not request.results:
        return ToolCall("catalogue", {"input": "red"})
    return "The red shoes [1]."


# LlamaIndex's agents look at all of their own attributes, deprecated ones of pydantic too.
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211")
# LiteLLM's own types make pydantic warn.
@pytest.mark.filterwarnings("ignore:Items? .* on TypedDict class:UserWarning")
def test_the_readmes_examples_run(
    tmp_path: Path,
    clip_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("llama_index.llms.litellm")
    shop = tmp_path / "shop"
    shop.mkdir()
    for folder in (tmp_path, shop):
        noise(0).save(folder / "shoe.png")
    (shop / "shop.csv").write_text("name,price,image\nRed shoes,39.9,shoe.png\n")
    canvas = Canvas(str(shop / "manual.pdf"))
    canvas.drawString(72, 700, "The pump moves water through the filter.")
    canvas.save()
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with FakeOpenAI(reply=replies) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "key")
        for fence in FENCES:
            # The model hub can't be reached from a test.
            offline = fence.replace("openai/clip-vit-base-patch32", str(clip_folder))
            # Streaming, LiteLLM sends a call's index back, which only the stand-in minds.
            exec(offline.replace("[tool], llm=llm", "[tool], llm=llm, streaming=False"), names)
        names["vector_store"].client.close()
        names["with_texts"].client.close()
        names["synthesizer"].core.backend.close()

    assert len(FENCES) >= 8
    assert server.violations == []
    [citation] = names["response"].metadata["citations"]
    assert citation["node_id"] == names["response"].source_nodes[0].node_id
    assert len(names["documents"]) == len(names["nodes"]) == len(names["embedded"]) == 3
    assert len(names["found"]) == 3
    # The picture itself, and the row of the catalogue that shows it.
    pictures = {Path(node.metadata["file_path"]).name for node in names["alike"]}
    assert pictures == {"shoe.png", "shop.csv"}
    assert str(names["reply"]) == "The red shoes [1]."
    assert any(request.results for request in server.requests)
    assert capsys.readouterr().out.startswith("The red shoes [1].\n1 Red shoes (shop.csv)")
    names.clear()
    gc.collect()  # what was left open is told of here, not in another test
