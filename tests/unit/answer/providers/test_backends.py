from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from ragsight.answer import AnthropicBackend, OpenAIBackend, VisionSynthesizer, resolve_backend
from ragsight.errors import ConfigurationError, MissingExtraError

KEYS = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
)


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("backend", "variable"),
    [("openai:gpt-5.4", "OPENAI_API_KEY"), ("anthropic:claude-opus-4-7", "ANTHROPIC_API_KEY")],
)
def test_a_missing_key_is_an_error_that_names_the_variable(backend: str, variable: str) -> None:
    with pytest.raises(ConfigurationError, match=variable):
        VisionSynthesizer(backend)


def test_a_string_names_provider_and_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")

    openai = resolve_backend("openai:gpt-5.4-mini")
    claude = resolve_backend("anthropic:claude-opus-4-7")

    assert (type(openai), openai.model, openai.profile.name) == (
        OpenAIBackend, "gpt-5.4-mini", "gpt-5.4",
    )  # fmt: skip
    assert (type(claude), claude.profile.name) == (AnthropicBackend, "claude-4.7")


@pytest.mark.parametrize("name", ["gpt-5.4", "openai:", "mistral:pixtral", ""])
def test_a_string_that_names_no_backend_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="openai:MODEL"):
        resolve_backend(name)


@pytest.mark.parametrize("thing", [3, None, object()])
def test_what_is_no_backend_is_refused_when_a_synthesizer_is_made(thing: Any) -> None:
    with pytest.raises(ConfigurationError, match="no vision model"):
        VisionSynthesizer(thing)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_missing_sdk_is_an_error_with_the_line_that_installs_it(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, provider, None)

    with pytest.raises(MissingExtraError, match=rf"pip install 'ragsight\[{provider}\]'"):
        resolve_backend(f"{provider}:model")


def test_a_parameter_that_the_sdk_does_not_know_is_refused_before_any_request() -> None:
    with pytest.raises(ConfigurationError, match="temprature"):
        OpenAIBackend("gpt-4o", api_key="k", temprature=0)


def test_an_unknown_api_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'responses' or 'chat'"):
        OpenAIBackend("gpt-4o", api_key="k", api="completions")  # type: ignore[arg-type]


def test_the_answer_room_imports_no_sdk() -> None:
    code = (
        "import sys, ragsight.answer, ragsight.testing; "
        "sys.exit(any(name in sys.modules for name in ('openai', 'anthropic', 'torch')))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
