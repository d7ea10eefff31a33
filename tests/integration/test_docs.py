"""The examples of each page of the documentation, run from top to bottom in one process a page."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import ragsight
from examples import fences, run_python
from fakes.openai_server import FakeOpenAI
from ragsight.demo import handbook_path
from ragsight.demo.catalogue import write_catalogue
from ragsight.demo.drawing import draw_product

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NOT_COMMANDS = ("pip install", "apt install", "brew install", "ragsight ui", "#")
"""What sets up a machine, and what serves until it is stopped."""
NOT_RUN = {"json": "a file's content", "text": "a sketch, or what needs a key"}


def examples(page: Path) -> str:
    return "\n".join(code for language, code in fences(page) if language == "python")


def commands(page: Path) -> list[str]:
    shell = [code for language, code in fences(page) if language == "bash"]
    lines = [line for code in shell for line in code.replace("\\\n", " ").splitlines()]
    return [line for line in lines if not line.startswith(NOT_COMMANDS)]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(reply="It says so [1].") as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with what the examples speak of."""
    (tmp_path / "manuals").mkdir()
    shutil.copy(handbook_path(), tmp_path / "manuals")
    write_catalogue(tmp_path / "shop", count=24)
    draw_product("mug", "red", "plain", seed=5_000_003).save(tmp_path / "wanted.png")
    return tmp_path


def check(arguments: list[str], desk: Path, server: FakeOpenAI) -> None:
    assert run_python(arguments, desk, server).strip()
    assert server.violations == []


@pytest.mark.parametrize(
    "page", [page for page in PAGES if examples(page)], ids=lambda page: page.stem
)
def test_the_examples_of_a_page_run(page: Path, desk: Path, server: FakeOpenAI) -> None:
    check(["-W", "error::DeprecationWarning:__main__", "-c", examples(page)], desk, server)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if commands(page)], ids=lambda page: page.stem
)
def test_the_commands_of_a_page_run(page: Path, desk: Path, server: FakeOpenAI) -> None:
    for line in commands(page):
        check(["-m", *shlex.split(line)], desk, server)


def test_every_other_fence_is_of_a_kind_that_says_why_it_is_not_run() -> None:
    languages = {language for page in PAGES for language, _ in fences(page)}
    assert languages - {"python", "bash"} <= set(NOT_RUN)


def test_the_reference_holds_every_module_with_public_names() -> None:
    pages = (page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    shown = {name for page in pages for name in re.findall(r"^::: (\S+)", page, re.MULTILINE)}
    stub = Path(ragsight.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    homes = {f"ragsight.{home}" for home in re.findall(r"^from \.(\S+) import", stub, re.MULTILINE)}
    assert len(homes) > 5
    assert {home for home in homes if home not in shown} == set()
