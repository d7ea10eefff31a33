"""Decks on the command line: indexed, searched, shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from decks import add_picture, add_slide, box, hide, merged_table, new_deck, saved
from ragsight.loaders.slides.painting.soffice import find_soffice


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200", "RAGSIGHT_HOME": str(folder / "home")}
    return subprocess.run(
        [sys.executable, "-m", "ragsight", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture
def decks(tmp_path: Path) -> Path:
    """Two decks; the second slide of one is hidden and tells the prices."""
    deck = new_deck()
    add_slide(deck, "Welcome")
    slide = add_slide(deck, "Pricing")
    merged_table(slide)
    add_picture(slide, 1, box(60, 320, 300, 180), alt="A coin")
    hide(slide)
    add_slide(deck, "Questions")
    saved(deck, tmp_path / "deck.pptx")
    other = new_deck()
    add_slide(other, "Staff outing")
    saved(other, tmp_path / "other.pptx")
    return tmp_path


def test_a_search_answers_with_the_number_of_the_slide_and_a_thumbnail(decks: Path) -> None:
    index = (
        "index",
        "deck.pptx",
        "other.pptx",
        "--model",
        "ragsight-demo",
        "--render",
        "off",
        "--json",
    )
    done = run(decks, *index)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [source["status"] for source in report["sources"]] == ["indexed", "indexed"]

    found = run(decks, "search", "pricing", "--html", "found.html")
    assert found.returncode == 0, found.stderr
    assert "Pricing" in found.stdout
    assert "deck.pptx, slide 2" in found.stdout
    page = (decks / "found.html").read_text("utf-8")
    assert "deck.pptx, slide 2" in page
    assert "data:image/" in page

    shown = run(decks, "search", "pricing questions", "--json", "--where", "hidden=false")
    hits = json.loads(shown.stdout)["hits"]
    assert [hit["chunk"]["source"]["page"] for hit in hits] == [3]

    again = run(decks, *index)
    assert {s["status"] for s in json.loads(again.stdout)["sources"]} == {"unchanged"}


@pytest.mark.skipif(find_soffice() is None, reason="LibreOffice isn't installed")
def test_every_slide_is_indexed_with_its_picture(decks: Path) -> None:
    done = run(
        decks, "index", "deck.pptx", "other.pptx", "--model", "ragsight-demo", "--render", "require"
    )
    assert done.returncode == 0, done.stderr
    # Four slides, a table and a picture.
    assert json.loads(run(decks, "info", "--json").stdout)["images"] == 6


def test_a_mistyped_option_is_told_before_anything_is_made(decks: Path) -> None:
    done = run(decks, "index", "deck.pptx", "--render", "never")
    assert done.returncode == 2
    assert "auto, require, off" in done.stderr
    assert not (decks / ".ragsight").exists()


def test_an_inspection_takes_the_way_of_painting_too(decks: Path) -> None:
    done = run(decks, "inspect", "deck.pptx", "--render", "never")
    assert done.returncode == 2
    assert "auto, require, off" in done.stderr
    done = run(decks, "inspect", "deck.pptx", "--render", "off", "--json")
    assert done.returncode == 0, done.stderr
    # Nothing was painted, so nothing was kept.
    assert not (decks / "home" / "renders").exists()
