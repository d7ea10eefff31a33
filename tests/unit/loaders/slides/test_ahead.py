from __future__ import annotations

from pathlib import Path

import pytest

from decks import add_slide, new_deck, saved
from ragsight import ClipEncoder, MultimodalStore, SlideOptions, ingest, load
from ragsight.loaders.slides import ahead


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Names of the decks of each batch that is asked for, none of which is painted."""
    batches: list[list[str]] = []

    def note(decks: list[Path], **_: object) -> None:
        batches.append([deck.name for deck in decks])

    monkeypatch.setattr(ahead, "prepare_renders", note)
    return batches


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        deck = new_deck()
        add_slide(deck, f"Deck {name}")
        saved(deck, tmp_path / f"{name}.pptx")
    (tmp_path / "notes.md").write_text("Words.")
    return tmp_path


OFF = SlideOptions(render="off")


def test_decks_of_a_folder_are_painted_in_one_go(
    folder: Path, painted: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragsight.loaders.slides.deck_pass.open_renders", lambda *_, **__: None)

    assert len(list(load(folder))) == 4
    assert painted == [["a.pptx", "b.pptx", "c.pptx"]]


def test_one_deck_or_none_to_be_painted_needs_no_preparing(
    folder: Path, painted: list[list[str]]
) -> None:
    list(load(folder, slides=OFF))
    ahead.paint_ahead([folder / "a.pptx", folder / "notes.md"], None)

    assert painted == []


def test_only_decks_that_have_changed_are_painted_when_indexed(
    folder: Path,
    painted: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    encoder: ClipEncoder,
) -> None:
    monkeypatch.setattr("ragsight.loaders.slides.deck_pass.open_renders", lambda *_, **__: None)
    with MultimodalStore.open(":memory:", encoder=encoder) as store:
        ingest(folder, store)
        for name in ("a", "b"):
            deck = new_deck()
            add_slide(deck, f"Another deck {name}")
            saved(deck, folder / f"{name}.pptx")
        report = ingest(folder, store)

    assert painted == [["a.pptx", "b.pptx", "c.pptx"], ["a.pptx", "b.pptx"]]
    assert len(report.with_status("unchanged")) == 2
