"""The examples in the docstrings of all packages that are installed are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from importlib.util import find_spec
from pathlib import Path

import pytest

ADAPTERS = ("langchain_ragsight", "llama_index_ragsight")
PACKAGES = ("ragsight", *(name for name in ADAPTERS if find_spec(name) is not None))
COMMANDS = ("ragsight.__main__",)


def module_names() -> list[str]:
    names = []
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        found = pkgutil.walk_packages(path, f"{package}.", onerror=lambda _name: None)
        names += [package, *(module.name for module in found)]
    return [name for name in names if not name.startswith(COMMANDS)]


@pytest.mark.parametrize("name", module_names())
def test_the_examples_of_a_module_are_true(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # Examples may make backends; none of them sends anything.
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0
