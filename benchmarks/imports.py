"""CPU time of imports, each in fresh interpreters: `python benchmarks/imports.py`.

The adapters stand beside the imports of their frameworks; what counts is the difference.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

RUNS = 7
LANGCHAIN = "from langchain_core import documents, embeddings, retrievers, vectorstores"
LLAMA_INDEX = "import llama_index.core"
STATEMENTS = {
    "ragsight": "import ragsight",
    "ragsight.Query": "from ragsight import Query",
    "ragsight.MultimodalStore": "from ragsight import MultimodalStore",
    "every public name": "from ragsight import *",
    "langchain_core": "import langchain_core",
    "langchain_ragsight": "import langchain_ragsight",
    "langchain_core's bases": LANGCHAIN,
    "  and our vector store": f"{LANGCHAIN}; from langchain_ragsight import MultimodalVectorStore",
    "llama_index.core": LLAMA_INDEX,
    "  and llama_index_ragsight": f"{LLAMA_INDEX}; import llama_index_ragsight",
    "  and our retriever": f"{LLAMA_INDEX}; from llama_index_ragsight import MultimodalRetriever",
}


def milliseconds(statement: str) -> float:
    """CPU time of a statement in a fresh interpreter."""
    code = f"import time; t = time.process_time(); {statement}; print(time.process_time() - t)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout) * 1000


def main() -> None:
    """Print the table."""
    print(f"{'import':<28}{'CPU ms (median)':>16}{'lowest':>8}")
    for name, statement in STATEMENTS.items():
        times = [milliseconds(statement) for _ in range(RUNS)]
        print(f"{name:<28}{statistics.median(times):>16.0f}{min(times):>8.0f}")


if __name__ == "__main__":
    main()
