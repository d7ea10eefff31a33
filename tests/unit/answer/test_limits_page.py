"""What the documentation says of limits and costs is what is counted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from ragsight import Chunk, Source, SynthesizerOptions
from ragsight.answer import plan_request, profile_for
from ragsight.answer.model.profiles import OPENAI_PROFILES
from ragsight.images import image_ref

PAGE = (Path(__file__).parents[3] / "docs" / "limits.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([\w.-]+) \| (low|high|original) \| ([\d,]+) \|$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def photo() -> Chunk:
    return Chunk(
        image=image_ref(Image.new("RGB", (4000, 3000), "teal")),
        source=Source(uri="photo.jpg"),
        kind="image",
    )


@pytest.mark.parametrize(("model", "detail", "tokens"), ROWS)
def test_a_photo_costs_what_the_page_says(
    photo: Chunk, model: str, detail: str, tokens: str
) -> None:
    provider = "anthropic" if model.startswith("claude") else "openai"
    options = SynthesizerOptions(detail=detail)
    plan = plan_request("What is this?", [photo], profile_for(provider, model), options)
    assert plan.estimate.images == int(tokens.replace(",", ""))


def test_the_page_names_every_model_of_the_table() -> None:
    assert len(ROWS) == 6
    for model in OPENAI_PROFILES:
        family, _, variant = model.rpartition("-")
        assert model in PAGE or (family in PAGE and variant in PAGE)
