from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from ragsight.errors import RenderError
from ragsight.loaders.slides.painting.batches import Result, converted
from ragsight.loaders.slides.painting.soffice import Soffice

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a #! line")

STAND_IN = """#!{python}
import os, pathlib, subprocess, sys, time

arguments = sys.argv[1:]
here = pathlib.Path(sys.argv[0]).parent
place = arguments.index("--outdir")
profile = next(a for a in arguments if a.startswith("-env:UserInstallation="))
with (here / "starts.txt").open("a") as starts:
    starts.write(str(len(arguments) - place - 2) + " " + profile + "\\n")
if (here / "restart").exists():
    (here / "restart").unlink()
    sys.exit(81)
for name in arguments[place + 2:]:
    what = pathlib.Path(name).read_text()
    result = pathlib.Path(arguments[place + 1], pathlib.Path(name).stem + ".pdf")
    if what == "hang":
        child = subprocess.Popen(["sleep", "600"])
        (here / "child.txt").write_text(str(child.pid))
        time.sleep(600)
    elif what == "broken":
        print("Error: source file could not be loaded", file=sys.stderr, flush=True)
    elif what == "crash":
        result.write_bytes(b"%PDF-1.7 half a fi")
        os.abort()
    elif what == "slow":
        time.sleep(0.9)
        result.write_bytes(b"%PDF-1.7 slow %%EOF")
    else:
        result.write_bytes(b"%PDF-1.7 " + what.encode() + b" %%EOF")
"""


@pytest.fixture
def soffice(tmp_path: Path) -> Soffice:
    """A stand-in for LibreOffice that does what the decks say."""
    program = tmp_path / "program" / "soffice"
    program.parent.mkdir()
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(0o755)
    return Soffice(program)


def _decks(folder: Path, *contents: str) -> list[Path]:
    paths = [folder / f"deck {number}.pptx" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content)
    return paths


def _starts(soffice: Soffice) -> list[int]:
    lines = (soffice.program.parent / "starts.txt").read_text().splitlines()
    return [int(line.partition(" ")[0]) for line in lines]


def _summary(paths: list[Path], results: dict[Path, Result]) -> list[str]:
    assert set(results) == set(paths)
    found = [results[path] for path in paths]
    return [str(each) if isinstance(each, RenderError) else each.decode() for each in found]


def _run(soffice: Soffice, paths: list[Path], timeout: float = 60.0) -> list[str]:
    return _summary(paths, dict(converted(soffice, paths, "pdf", timeout=timeout)))


def test_several_decks_go_through_one_process(tmp_path: Path, soffice: Soffice) -> None:
    found = _run(soffice, _decks(tmp_path, "one", "two", "three"))
    assert found == ["%PDF-1.7 one %%EOF", "%PDF-1.7 two %%EOF", "%PDF-1.7 three %%EOF"]
    assert _starts(soffice) == [3]


def test_many_decks_go_through_few_processes(tmp_path: Path, soffice: Soffice) -> None:
    found = _run(soffice, _decks(tmp_path, *map(str, range(40))))
    assert found == [f"%PDF-1.7 {number} %%EOF" for number in range(40)]
    assert _starts(soffice) == [32, 8]


def test_a_first_start_that_wants_a_second_gets_one(tmp_path: Path, soffice: Soffice) -> None:
    (soffice.program.parent / "restart").touch()
    assert _run(soffice, _decks(tmp_path, "one")) == ["%PDF-1.7 one %%EOF"]
    assert _starts(soffice) == [1, 1]


def test_a_deck_that_can_not_be_loaded_is_tried_alone_and_reported_in_its_words(
    tmp_path: Path, soffice: Soffice
) -> None:
    paths = _decks(tmp_path, "one", "broken", "three")
    first, second, third = _run(soffice, paths)
    assert (first, third) == ("%PDF-1.7 one %%EOF", "%PDF-1.7 three %%EOF")
    assert str(paths[1]) in second
    assert "source file could not be loaded" in second
    assert _starts(soffice) == [3, 1]


def test_a_crash_costs_only_the_deck_that_crashed(tmp_path: Path, soffice: Soffice) -> None:
    paths = _decks(tmp_path, "one", "broken", "crash", "four", "five")
    first, second, third, fourth, fifth = _run(soffice, paths)
    assert [first, fourth, fifth] == [f"%PDF-1.7 {n} %%EOF" for n in ("one", "four", "five")]
    assert "could not be loaded" in second
    assert "ended with code -6" in third
    assert _starts(soffice) == [5, 2, 1, 1]


def test_a_deck_that_hangs_costs_its_own_time_once_and_no_other_deck(
    tmp_path: Path, soffice: Soffice
) -> None:
    paths = _decks(tmp_path, "one", "broken", "hang", "four")
    first, second, third, fourth = _run(soffice, paths, timeout=3.0)
    assert (first, fourth) == ("%PDF-1.7 one %%EOF", "%PDF-1.7 four %%EOF")
    assert "could not be loaded" in second
    assert "took longer than 3 seconds" in third
    assert _starts(soffice) == [4, 1, 1]


def test_the_limit_is_for_each_deck_not_for_all(tmp_path: Path, soffice: Soffice) -> None:
    found = _run(soffice, _decks(tmp_path, *["slow"] * 4), timeout=3.0)
    assert found == ["%PDF-1.7 slow %%EOF"] * 4
    assert _starts(soffice) == [4]


def test_what_a_hanging_process_started_is_killed_with_it(tmp_path: Path, soffice: Soffice) -> None:
    _run(soffice, _decks(tmp_path, "hang"), timeout=3.0)
    child = int((soffice.program.parent / "child.txt").read_text())
    assert _is_gone(child)


def _is_gone(process: int) -> bool:
    # Killed at once, but buried by its new parent, which may take a moment.
    for _ in range(100):
        state = Path(f"/proc/{process}/stat")
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_deck_that_is_not_there_costs_no_other(tmp_path: Path, soffice: Soffice) -> None:
    paths = [*_decks(tmp_path, "one"), tmp_path / "gone.pptx"]
    first, second = _run(soffice, paths)
    assert first == "%PDF-1.7 one %%EOF"
    assert "can't be read" in second


def test_a_program_that_can_not_be_started_is_an_error_for_each_deck(tmp_path: Path) -> None:
    paths = _decks(tmp_path, "one", "two")
    for said in _run(Soffice(tmp_path / "no-soffice"), paths):
        assert "can't be started" in said


def test_a_snap_that_loads_nothing_is_told_where_to_look(tmp_path: Path, soffice: Soffice) -> None:
    snap = tmp_path / "snap" / "bin"
    snap.mkdir(parents=True)
    (said,) = _run(Soffice(soffice.program.rename(snap / "soffice")), _decks(tmp_path, "broken"))
    assert "set TMPDIR to a folder there" in said


def test_each_process_has_a_profile_of_its_own(tmp_path: Path, soffice: Soffice) -> None:
    for _ in range(2):
        _run(soffice, _decks(tmp_path, "one"))
    lines = (soffice.program.parent / "starts.txt").read_text().splitlines()
    profiles = {line.partition(" ")[2] for line in lines}
    assert len(profiles) == 2


def test_nothing_is_left_in_the_folder_for_temporary_files(
    tmp_path: Path, soffice: Soffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    _run(soffice, _decks(tmp_path, "one", "hang", "broken"), timeout=3.0)
    assert list(place.iterdir()) == []
