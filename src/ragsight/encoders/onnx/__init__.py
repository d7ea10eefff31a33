"""ONNX Runtime as a backend: no torch, no transformers once a checkpoint was exported."""

from ragsight.encoders.onnx.backend import OnnxBackend, default_onnx_folder, onnx_backend

__all__ = ["OnnxBackend", "default_onnx_folder", "onnx_backend"]
