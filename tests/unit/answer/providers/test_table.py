"""A provider is one row and one file: what names, finds or explains providers goes by the table."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest

from answering import figure, passage
from fakes import made_up
from ragsight import VisionSynthesizer
from ragsight.answer import (
    VisionBackend,
    VisionReranker,
    profile_for,
    provider_of,
    resolve_backend,
)
from ragsight.answer.providers.table import PROVIDERS
from ragsight.errors import ConfigurationError

ROOT = Path(__file__).parents[4]
NAMED = [prefix for prefix, row in PROVIDERS.items() if not row.needs_address]


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", made_up.ROW.key):
        monkeypatch.delenv(name, raising=False)
    for row in PROVIDERS.values():
        monkeypatch.delenv(row.key, raising=False)


@pytest.fixture
def _made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROVIDERS, made_up.PREFIX, made_up.ROW)


@pytest.mark.usefixtures("_made_up")
def test_a_provider_of_one_row_answers_within_its_own_limits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MADE_UP_API_KEY", "k")
    synthesizer = VisionSynthesizer("made-up:eyes-1")

    answer = synthesizer.answer("What is it?", [figure(1)])

    assert answer.text == "eyes-1 says so in 50 [1]."
    assert [max(i.image.width, i.image.height) for i in answer.images] == [100]
    assert VisionReranker("made-up:eyes-1").backend.name == "Made Up"


@pytest.mark.usefixtures("_made_up")
def test_its_missing_key_and_its_name_are_in_what_errors_say() -> None:
    with pytest.raises(ConfigurationError, match=r"Made Up\. Set .* MADE_UP_API_KEY"):
        resolve_backend("made-up:eyes-1")
    with pytest.raises(ConfigurationError, match=r"'anthropic:MODEL' or 'made-up:MODEL'"):
        resolve_backend("made-up")
    with pytest.raises(ConfigurationError, match=r"or 'made-up:MODEL', or a backend"):
        VisionSynthesizer(object())  # type: ignore[arg-type]


@pytest.mark.usefixtures("_made_up")
def test_models_of_other_frameworks_are_known_by_their_package() -> None:
    assert provider_of("langchain_made_up") == provider_of("made-up") == "made-up"
    assert provider_of("llama_index.llms.openai_like") == "local"
    assert provider_of("") is None


COMMAND = """
import sys
from fakes import made_up
from ragsight.answer.providers.table import PROVIDERS
PROVIDERS[made_up.PREFIX] = made_up.ROW
from ragsight.cli import main
main()
"""


def command(*arguments: str, **environment: str) -> str:
    """Run the command line in a process whose table has one row more."""
    left = {k: v for k, v in os.environ.items() if not k.endswith(("_API_KEY", "_BASE_URL"))}
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        env={**left, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return " ".join((done.stdout + done.stderr).split())


def test_the_command_line_finds_it_by_name_and_by_its_key(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(f"# Valve\n\n{passage().text}\n", encoding="utf-8")
    index = ("--index", str(tmp_path / "index"))
    command("index", str(tmp_path / "notes.md"), *index, "--model", "ragsight-demo")
    ask = ("ask", "When does the valve open?", *index)

    assert "or MADE_UP_API_KEY, or pass --base-url" in command(*ask)
    assert "eyes-2 says so in 50" in command(*ask, MADE_UP_API_KEY="k")
    named = command(*ask, "--vlm", "made-up:eyes-1", "--max-tokens", "7", MADE_UP_API_KEY="k")
    assert "eyes-1 says so in 7" in named
    assert "Set the environment variable MADE_UP_API_KEY" in command(*ask, "--vlm", "made-up:x")
    assert "'made-up:MODEL'" in command("ask", "--help")


@pytest.mark.parametrize("prefix", NAMED)
def test_each_provider_has_an_extra_a_backend_and_a_place_in_the_guides(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = PROVIDERS[prefix]
    monkeypatch.setenv(row.key, "k")
    backend = resolve_backend(f"{prefix}:{row.default_model}")
    assert isinstance(backend, VisionBackend)
    assert (backend.name, backend.model) == (row.title, row.default_model)
    assert backend.profile == profile_for(prefix, row.default_model)
    assert not backend.profile.warning
    assert prefix in (metadata("ragsight").get_all("Provides-Extra") or [])
    for page in ("README.md", "docs/guides/command-line.md"):
        assert row.key in (ROOT / page).read_text(encoding="utf-8")
    assert f'"{prefix}:MODEL"' in (ROOT / "docs/guides/answers.md").read_text(encoding="utf-8")


def test_the_first_key_in_the_order_of_the_table_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from ragsight.answer.providers.table import default_name

    assert default_name() is None
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    monkeypatch.setenv("RAGSIGHT_API_KEY", "k")
    assert default_name() == "anthropic:claude-opus-4-7"
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert default_name() == "openai:gpt-5.4-mini"


def test_a_server_needs_its_address_and_gets_no_other_s_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with pytest.raises(ConfigurationError, match="where the server is"):
        resolve_backend("local:llava")
    backend = resolve_backend("local:llava", base_url="http://localhost:1/v1")
    assert (type(backend).__name__, backend.model) == ("OpenAICompatibleBackend", "llava")


def test_limits_of_a_provider_that_is_not_in_the_table_are_cautious() -> None:
    assert profile_for("nobody", "eyes-9").warning
