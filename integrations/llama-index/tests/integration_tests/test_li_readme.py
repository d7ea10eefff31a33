"""The README's examples, run from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from drawings import noise
from fakes.openai_server import FakeOpenAI

README = Path(__file__).parents[2] / "README.md"
FENCES = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.S | re.M)


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
    names: dict[str, Any] = {}
    with FakeOpenAI(reply="The red shoes [1].", local=True) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        for fence in FENCES:
            # The model hub can't be reached from a test.
            offline = fence.replace("ClipEncoder()", f"ClipEncoder({str(clip_folder)!r})")
            exec(offline.replace("openai/clip-vit-base-patch32", str(clip_folder)), names)
        names["store"].close()
        names["synthesizer"].core.backend.close()

    assert len(FENCES) >= 5
    assert server.violations == []
    [citation] = names["response"].metadata["citations"]
    assert citation["node_id"] == names["response"].source_nodes[0].node_id
    assert len(names["nodes"]) == 2
    assert capsys.readouterr().out.startswith("The red shoes [1].\n1 Red shoes (shop.csv)")
