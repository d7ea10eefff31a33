from __future__ import annotations

import subprocess
import sys

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
print([name for name in ("torch", "tiktoken", "openai") if name in sys.modules])
"""


def test_every_public_name_is_there() -> None:
    for name in llama_index_ragsight.__all__:
        assert getattr(llama_index_ragsight, name).__doc__


def test_starting_loads_no_model_no_tokenizer_and_asks_no_network() -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUIET_START], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
