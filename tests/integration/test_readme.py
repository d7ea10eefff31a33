"""Every example of the README runs as it stands there, in order, each in a process of its own."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples import fences, run_python
from fakes.openai_server import FakeOpenAI
from ragsight.cli.demo import handbook
from ragsight.demo.drawing import draw_product

README = Path(__file__).parents[2] / "README.md"
FENCES = fences(README)
PYTHON = [code for language, code in FENCES if language == "python"]
SHELL = [
    line.partition("#")[0].strip()
    for language, code in FENCES
    if language == "bash"
    for line in code.splitlines()
]
COMMANDS = [line for line in SHELL if line.startswith("ragsight ")]
# These set up environments: what they run is this test suite and the demo, which is tested apart.
SET_UP = [line for line in SHELL if not line.startswith("ragsight ")]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(reply="It says so [1].") as running:
        yield running


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the examples speak of."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "manuals").mkdir()
    shutil.copy(handbook(), folder / "manuals")
    draw_product("mug", "red", "plain", seed=5_000_003).save(folder / "wanted.png")
    return folder


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_a_python_example_runs(number: int, desk: Path, server: FakeOpenAI) -> None:
    # The first example makes the index that the others read.
    if number > 0 and not (desk / "index").exists():
        run_python(["-c", PYTHON[0]], desk, server)
    strictly = ["-W", "error::DeprecationWarning:__main__", "-c", PYTHON[number]]
    assert run_python(strictly, desk, server).strip()


def test_the_commands_run_one_after_the_other(desk: Path, server: FakeOpenAI) -> None:
    assert len(COMMANDS) >= 5
    for line in COMMANDS:
        assert run_python(["-m", *shlex.split(line)], desk, server).strip()
    assert server.violations == []


def test_the_other_commands_are_the_two_for_a_fresh_machine_and_installs() -> None:
    assert [line for line in SET_UP if "nox -s" in line] == [
        f"python3 -m venv .venv && .venv/bin/pip install nox && .venv/bin/nox -s {session}"
        for session in ("demo", "tests")
    ]
    assert all(line.startswith("pip install") for line in SET_UP if "nox -s" not in line)
