"""How an encoder works, where it differs from the default."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from ragsight.errors import ConfigurationError

DtypeName: TypeAlias = Literal["auto", "float32", "float16", "bfloat16"]
BackendName: TypeAlias = Literal["torch", "onnx", "onnx-int8"]
LongTexts: TypeAlias = Literal["truncate", "split"]


@dataclass(frozen=True)
class ClipOptions:
    """Settings of `ClipEncoder` that few need to change.

    Attributes:
        workers: Threads that open and resize images while the model runs; 0 does it all in the
            caller's thread. By default one for each usable core, at most 4.
        threads: Threads of one forward pass; by default the backend decides. With torch this holds
            for the whole process.
        long_texts: What becomes of a text beyond the context length. `truncate` encodes its
            beginning and warns once; `split` encodes all of it in windows and takes the mean of
            their vectors, weighted by tokens.
        progress: Show a bar on stderr.
        cache_folder: Where exported ONNX models are kept; by default the user's cache folder.

    Raises:
        ConfigurationError: If a setting makes no sense.

    Example:
        >>> ClipOptions(workers=2, long_texts="split").usable_workers
        2
    """

    workers: int | None = None
    threads: int | None = None
    long_texts: LongTexts = "truncate"
    progress: bool = False
    cache_folder: Path | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 0:
            raise ConfigurationError(f"workers is {self.workers}; it must be 0 or more.")
        if self.threads is not None and self.threads < 1:
            raise ConfigurationError(f"threads is {self.threads}; it must be 1 or more.")
        check_choice("long_texts", self.long_texts, get_args(LongTexts))

    @property
    def usable_workers(self) -> int:
        """The number of decoding threads, the default worked out."""
        # More than a few gain nothing, since one forward pass takes longer than one decode, and
        # each holds a decoded image.
        return self.workers if self.workers is not None else min(4, _usable_cores())


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that isn't one of the choices.

    Raises:
        ConfigurationError: If it isn't.
    """
    if value not in choices:
        listed = ", ".join(map(repr, choices))
        raise ConfigurationError(f"{name} is {value!r}; it must be one of {listed}.")


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
