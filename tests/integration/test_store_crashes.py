"""Processes that are killed between any two writes of the engine leave no chunk half."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crashing import NEW, OLD, said

TESTS = Path(__file__).parents[1]

OLD_SAID, NEW_SAID = ({chunk.id: said(chunk) for chunk in chunks} for chunks in (OLD, NEW))


def crashes(act: str, folder: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, str(TESTS / "crashing.py"), str(folder), act],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    # All but the last are killed, which is through.
    assert [crash["status"] for crash in found] == [9] * (len(found) - 1) + [0], done.stderr
    return found


def check_whole(state: dict[str, Any]) -> None:
    """All ways of asking say the same, and each chunk is as it was or as it shall be."""
    get = state["get"]
    texts = {id_ for id_, (text, _) in get.items() if text}
    images = {id_ for id_, (_, image) in get.items() if image is not None}
    assert state["words"].items() <= get.items()
    assert state["image"].items() <= get.items()
    assert texts <= state["words"].keys()
    assert images == state["image"].keys()
    assert state["counts"] == [len(texts), len(images)]
    for id_, now in get.items():
        assert now in (OLD_SAID.get(id_), NEW_SAID.get(id_)), id_


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forks")
def test_replacing_is_whole_wherever_it_is_killed(tmp_path: Path) -> None:
    found = crashes("replace", tmp_path / "i")
    assert len(found) >= 7
    for crash in found:
        check_whole(crash["state"])
        # What is acknowledged is there, in its old form or its new one.
        kept = set(OLD_SAID) - {"goes"}
        assert kept <= crash["state"]["get"].keys()
    assert found[-1]["state"]["get"] == NEW_SAID
    assert found[-1]["state"]["record"] == ""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forks")
def test_deleting_a_source_leaves_no_record_of_chunks_that_are_gone(tmp_path: Path) -> None:
    found = crashes("delete the source", tmp_path / "i")
    assert len(found) >= 4
    for crash in found:
        check_whole(crash["state"])
        if crash["state"]["record"] is not None:
            assert crash["state"]["get"] == OLD_SAID
    assert found[-1]["state"]["get"] == {}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forks")
def test_restoring_writes_whole_chunks_and_records_last(tmp_path: Path) -> None:
    found = crashes("restore", tmp_path / "i")
    assert len(found) >= 3
    for crash in found:
        check_whole(crash["state"])
        if crash["state"]["record"] is not None:
            assert crash["state"]["get"] == OLD_SAID
    assert found[-1]["state"]["record"] == "old"
