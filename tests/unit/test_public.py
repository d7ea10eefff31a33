from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import ragsight
from ragsight import errors

HEAVY = ("torch", "transformers", "qdrant_client", "qdrant_edge", "pymupdf", "PIL", "numpy")
FRAMEWORKS = ("langchain_core", "llama_index", "openai", "anthropic")


def imported_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*{{m.partition('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_ragsight_loads_nothing_heavy() -> None:
    assert imported_by("import ragsight") & {*HEAVY, *FRAMEWORKS} == set()


def test_the_core_loads_no_framework_and_no_sdk() -> None:
    everything = "from ragsight import *; import ragsight.cli"
    assert imported_by(everything) & set(FRAMEWORKS) == set()


def test_every_public_name_is_there_and_listed_by_dir() -> None:
    for name in ragsight.__all__:
        assert getattr(ragsight, name) is not None
    assert set(ragsight.__all__) - {"__version__"} <= set(dir(ragsight))


@pytest.mark.parametrize("package", ["ragsight", "ragsight.answer", "ragsight.store"])
def test_a_public_name_loads_no_model_library_and_no_client_until_it_is_used(package: str) -> None:
    names = ", ".join(set(import_module(package).__all__) - {"__version__"})
    loaded = imported_by(f"from {package} import {names}")
    assert loaded & {"torch", "transformers", "qdrant_client", "qdrant_edge", "pymupdf"} == set()


def test_a_location_that_is_a_client_is_known_as_one() -> None:
    from qdrant_client import QdrantClient

    from ragsight.store.locations import is_client

    client = QdrantClient(":memory:")
    assert is_client(client)
    assert not is_client(":memory:")
    client.close()


def test_every_error_is_one_of_ours_and_stands_in_the_drawn_tree() -> None:
    ours = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert all(issubclass(error, errors.RagsightError) for error in ours)
    tree = (errors.__doc__ or "").split("```")[1]
    assert {error.__name__ for error in ours} == {
        word for word in tree.replace("├", " ").split() if word.endswith("Error")
    }


def test_every_public_class_and_function_shows_an_example() -> None:
    named = {name: getattr(ragsight, name) for name in ragsight.__all__}
    bare = [
        name
        for name, value in named.items()
        if callable(value) and "Example" not in (value.__doc__ or "")
    ]
    assert bare == []
