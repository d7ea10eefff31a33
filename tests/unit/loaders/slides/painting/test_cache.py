from __future__ import annotations

import logging
import multiprocessing
import os
from pathlib import Path

import pytest

from ragsight.errors import ConfigurationError
from ragsight.loaders.slides.painting.cache import RenderCache, chosen_cache


def test_what_was_put_is_found_by_a_later_reader(tmp_path: Path) -> None:
    RenderCache(tmp_path).shelf("deck").put("page-1", "720x540", ".png", b"a picture")
    kept = RenderCache(tmp_path).shelf("deck").get("page-1")
    assert kept is not None
    assert (kept.facts, kept.suffix, kept.data) == ("720x540", ".png", b"a picture")
    assert kept.path.read_bytes() == b"a picture"
    assert RenderCache(tmp_path).shelf("other deck").get("page-1") is None


@pytest.mark.parametrize("damage", [b"", b"a pictur", b"A picture"])
def test_a_damaged_file_is_removed_and_can_be_put_again(tmp_path: Path, damage: bytes) -> None:
    shelf = RenderCache(tmp_path).shelf("deck")
    shelf.put("page-1", "", ".png", b"a picture")
    kept = shelf.get("page-1")
    assert kept is not None
    kept.path.write_bytes(damage)
    assert shelf.get("page-1") is None
    assert not kept.path.exists()
    shelf.put("page-1", "", ".png", b"a picture")
    again = RenderCache(tmp_path).shelf("deck").get("page-1")
    assert again is not None
    assert again.data == b"a picture"


def test_a_file_that_another_process_removed_is_not_found(tmp_path: Path) -> None:
    shelf = RenderCache(tmp_path).shelf("deck")
    shelf.put("page-1", "", ".png", b"a picture")
    RenderCache(tmp_path).clear()
    assert shelf.get("page-1") is None
    shelf.put("page-1", "", ".png", b"a picture")
    assert shelf.get("page-1") is not None


def test_files_with_odd_names_are_passed_over(tmp_path: Path) -> None:
    cache = RenderCache(tmp_path)
    cache.shelf("deck").put("page-1", "", ".png", b"a picture")
    (tmp_path / "deck" / "0123.part").write_bytes(b"half")
    (tmp_path / "deck" / "notes.txt").write_bytes(b"mine")
    (tmp_path / "notes.txt").write_bytes(b"mine")
    assert cache.shelf("deck").get("page-1") is not None
    assert cache.total_bytes == len(b"a picturehalfmine")


def test_the_decks_used_longest_ago_make_room(tmp_path: Path) -> None:
    cache = RenderCache(tmp_path, max_bytes=1000)
    for number, age in enumerate((300, 200, 100)):
        cache.shelf(f"deck-{number}").put("page-1", "", ".png", bytes(300))
        moment = (tmp_path / f"deck-{number}").stat().st_mtime - age
        os.utime(tmp_path / f"deck-{number}", (moment, moment))
    cache.shelf("deck-0")  # looked at: now deck-1 is the one used longest ago
    cache.shelf("deck-3").put("page-1", "", ".png", bytes(300))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deck-0", "deck-2", "deck-3"]
    assert cache.total_bytes <= 1000


def test_a_place_that_can_not_be_written_is_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    shelf = RenderCache(tmp_path / "file" / "renders").shelf("deck")
    with caplog.at_level(logging.WARNING):
        shelf.put("page-1", "", ".png", b"a picture")
        shelf.put("page-2", "", ".png", b"a picture")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "renders can't be kept" in caplog.text
    assert shelf.get("page-1") is None


def test_a_folder_that_can_not_be_looked_into_holds_nothing(tmp_path: Path) -> None:
    cache = RenderCache(tmp_path / "renders")
    cache.folder.mkdir()
    (cache.folder / "deck").symlink_to(cache.folder / "deck")

    assert cache.shelf("deck").get("page-1") is None
    assert cache.total_bytes == 0


def test_other_users_can_not_look_into_it(tmp_path: Path) -> None:
    folder = tmp_path / "renders"
    RenderCache(folder).shelf("deck").put("page-1", "", ".png", b"a picture")
    if os.name != "nt":
        assert folder.stat().st_mode & 0o077 == 0


def test_the_environment_names_another_place_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGSIGHT_RENDERS", str(tmp_path / "there"))
    usual = chosen_cache(True)
    assert usual is not None
    assert usual.folder == tmp_path / "there"
    monkeypatch.setenv("RAGSIGHT_RENDERS", "off")
    assert chosen_cache(True) is None
    assert chosen_cache(usual) is usual


def test_the_usual_place_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAGSIGHT_RENDERS", raising=False)
    monkeypatch.setenv("RAGSIGHT_HOME", str(tmp_path))
    usual = chosen_cache(True)
    assert usual is not None
    assert usual.folder == tmp_path / "renders"
    assert chosen_cache(True) is usual
    assert chosen_cache(False) is None
    mine = RenderCache(tmp_path / "mine")
    assert chosen_cache(mine) is mine


def test_a_limit_that_keeps_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="max_bytes"):
        RenderCache(tmp_path, max_bytes=0)


def _write_and_read(folder: str, seed: int) -> int:
    """How often this process read something that nobody wrote."""
    wrong = 0
    cache = RenderCache(folder, max_bytes=20_000)
    for step in range(120):
        number = (step * 7 + seed) % 10
        shelf = cache.shelf(f"deck-{number}")
        kept = shelf.get("page-1")
        wrong += kept is not None and kept.data != bytes([number]) * 3000
        if kept is None:
            shelf.put("page-1", "", ".png", bytes([number]) * 3000)
    return wrong


def test_two_processes_may_use_one_folder(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        wrong = pool.starmap(_write_and_read, [(str(tmp_path), 0), (str(tmp_path), 3)])
    assert wrong == [0, 0]
    assert RenderCache(tmp_path).total_bytes <= 24_000
    assert not list(tmp_path.rglob("*.part"))
