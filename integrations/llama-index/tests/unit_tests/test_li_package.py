from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import llama_index_ragsight

QUIET_START = """
import socket
def refuse(*args, **kwargs):
    raise AssertionError("the network was asked")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import sys
import llama_index_ragsight
from ragsight.testing import FakeVisionBackend
llama_index_ragsight.VisionSynthesizer(FakeVisionBackend())
llama_index_ragsight.ClipEmbedding("ragsight-demo")
llama_index_ragsight.PdfReader()
from llama_index.core.llms import MockLLM
llama_index_ragsight.VisionRerank(FakeVisionBackend())
llama_index_ragsight.LlamaIndexBackend(MockLLM(is_chat_model=True))
print([name for name in ("torch", "tiktoken", "openai") if name in sys.modules])
"""

ALL_NAMES = """
import sys
import llama_index.core
before = set(sys.modules)
from llama_index_ragsight import *
print({"torch", "transformers", "qdrant_client", "pymupdf"} & (set(sys.modules) - before))
"""


def test_every_public_name_is_there() -> None:
    for name in llama_index_ragsight.__all__:
        assert getattr(llama_index_ragsight, name).__doc__


def test_llamahub_knows_every_class() -> None:
    tomllib = pytest.importorskip("tomllib")  # of 3.11
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    public = {name: getattr(llama_index_ragsight, name) for name in llama_index_ragsight.__all__}
    classes = {name for name, value in public.items() if isinstance(value, type)}
    assert set(project["tool"]["llamahub"]["class_authors"]) == classes


def test_starting_loads_no_model_no_tokenizer_and_asks_no_network() -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUIET_START], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_every_public_name_is_imported_without_a_client_or_a_model_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALL_NAMES], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
