from __future__ import annotations

import subprocess
import sys

import langchain_ragsight


def test_every_public_name_is_there() -> None:
    assert all(hasattr(langchain_ragsight, name) for name in langchain_ragsight.__all__)


def test_importing_the_package_loads_no_model_framework() -> None:
    code = """
import sys
import langchain_core.language_models.base  # loads transformers itself in early releases
before = set(sys.modules)
import langchain_ragsight
print({"torch", "transformers", "langchain"} & (set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


def test_every_public_name_is_imported_without_a_client_or_a_model_library() -> None:
    code = """
import langchain_core.language_models.base  # loads transformers itself in early releases
import langchain_core.retrievers, langchain_core.vectorstores, sys
before = set(sys.modules)
from langchain_ragsight import *
print({"torch", "transformers", "qdrant_client", "pymupdf"} & (set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
