from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ragsight import MultimodalRetriever, MultimodalStore, ingest
from ragsight.cli.app import app
from ragsight.cli.logs import configure_logging
from ragsight.logs import log_event


@pytest.fixture(autouse=True)
def logger_as_it_was() -> Iterator[None]:
    logger = logging.getLogger("ragsight")
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    place.mkdir()
    (place / "a.md").write_text("# Pump\n\nOil it.")
    (place / "b.png").write_text("no picture")
    (place / "c.xyz").write_text("x")
    return place


def test_the_library_has_no_handlers() -> None:
    # In a process of its own: in this one the command line may have run before.
    code = (
        "import logging, ragsight; ragsight.ingest; ragsight.MultimodalRetriever; "
        "print(logging.getLogger('ragsight').handlers)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_an_ingest_and_a_search_are_told_with_facts_and_without_words(
    folder: Path, store: MultimodalStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ragsight")
    ingest(folder, store)
    ingest(folder, store)
    MultimodalRetriever(store).retrieve("oil the pump secretly")
    told = [(r.event, r.levelname, r.facts) for r in caplog.records if hasattr(r, "event")]  # type: ignore[attr-defined]
    assert [(event, level) for event, level, _ in told] == [
        ("source.failed", "WARNING"),
        ("source.indexed", "INFO"),
        ("ingest.finished", "INFO"),
        ("source.unchanged", "INFO"),
        ("source.failed", "WARNING"),
        ("ingest.finished", "INFO"),
        ("search.finished", "DEBUG"),
    ]
    assert told[1][2]["chunks"] == 1
    assert told[2][2]["passed_over"] == {".xyz": 1}
    assert told[-1][2]["hits"] == [1]
    assert all(record.name.startswith("ragsight.") for record in caplog.records)
    assert "oil the pump secretly" not in caplog.text
    assert "Oil it" not in caplog.text


def test_keys_in_a_message_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("ragsight.test")
    log_event(logger, logging.WARNING, "x", "https://ann:secret@example.org/a?key=1 failed")
    assert "secret" not in caplog.text


def test_json_lines_can_be_read_by_machines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(0, as_json=True)
    configure_logging(0, as_json=True)
    logger = logging.getLogger("ragsight.test")
    log_event(logger, logging.INFO, "x.done", "two\nlines \ud800", level="own", path=Path("a"))
    logger.debug("not shown")
    [line] = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert told["message"].startswith("two\nlines")
    assert (told["event"], told["level"], told["path"]) == ("x.done", "info", "a")
    assert told["time"].endswith("+00:00")


@pytest.mark.parametrize(
    ("options", "shown", "hidden"),
    [
        ([], [], ["source.", "INFO", "failed, 0"]),
        (["--verbose"], ["INFO", "a.md: indexed, 1 chunks", "WARNING"], ["DEBUG"]),
        (["--log-json"], ['"event": "source.indexed"', '"ingest.finished"'], ["DEBUG"]),
    ],
)
def test_the_command_line_logs_when_asked(
    folder: Path,
    tmp_path: Path,
    options: list[str],
    shown: list[str],
    hidden: list[str],
) -> None:
    command = [*options, "index", str(folder), "--index", str(tmp_path / "i")]
    command += ["--model", "ragsight-demo"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    for words in shown:
        assert words in result.stderr
    for words in hidden:
        assert words not in result.stderr
    assert "1 indexed, 1 failed" in result.stdout
    assert result.stderr.count("b.png") >= 1
