"""Open ONNX graphs of towers and run them; the only module that calls ONNX Runtime to infer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip.backends import PixelArray, TokenArray

_ERRORS_ONLY = 3


def open_session(path: Path, threads: int | None) -> Any:
    """Open a graph for the CPU, with all of ONNX Runtime's own optimisations.

    Args:
        path: The graph's file.
        threads: Threads of one operator; by default one for each core.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _ERRORS_ONLY
    if threads is not None:
        options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def run_vision(session: Any, pixels: PixelArray) -> FloatArray:
    """Features of images, `(images, dimension)`."""
    features: FloatArray = session.run(None, {"pixels": pixels})[0]
    return features


def run_text(session: Any, ids: TokenArray, mask: TokenArray) -> FloatArray:
    """Features of texts, `(texts, dimension)`."""
    features: FloatArray = session.run(None, {"ids": ids, "mask": mask})[0]
    return features
