"""What the commands share: the index, the encoder, the vision model, the consoles."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from ragsight.characters import encodable
from ragsight.redaction import without_secrets

if TYPE_CHECKING:
    from ragsight.answer import VisionBackend
    from ragsight.encoders import ClipEncoder
    from ragsight.store import MultimodalStore


class _Console(Console):
    """Knows what its stream can show, also where that is the one of the system."""

    @property
    def encoding(self) -> str:
        return (getattr(self.file, "encoding", None) or "utf-8").lower()


out = _Console(highlight=False)
err = _Console(stderr=True, highlight=False)

DEFAULT_INDEX = ".ragsight"


def print_json(data: Any) -> None:
    """Print for machines: to stdout, unstyled; in plain ASCII where that takes no more."""
    has_all = out.encoding.startswith("utf")
    out.file.write(json.dumps(data, ensure_ascii=not has_all, indent=2) + "\n")


def write_anything() -> None:
    """Let output hold signs that the terminal can't show: they are written as escapes.

    Where the locale is ASCII, as in many a container and cron job, an answer in another language
    would otherwise end the command.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def typed(text: str) -> str:
    r"""What was typed as an argument, which Python reads in the locale's encoding.

    Example:
        >>> typed("f\udcc3\udcbcr")
        'für'
    """
    try:
        return text.encode("ascii", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:
        # It was read as it should.
        return encodable(text)


def encoder_for(index: str, model: str | None) -> ClipEncoder:
    """The encoder that was asked for, else the one the index was made with, else the default."""
    from ragsight.encoders import DEFAULT_MODEL, ClipEncoder
    from ragsight.store import MultimodalStore

    _quiet_transformers()
    if model is not None:
        return ClipEncoder(model)
    profile = MultimodalStore.profile_at(index)
    if profile is None or profile.encoder is None:
        return ClipEncoder(DEFAULT_MODEL)
    return ClipEncoder(profile.encoder.name, revision=profile.encoder.revision)


def open_index(index: str, *, model: str | None = None, create: bool = False) -> MultimodalStore:
    """Open an index with the encoder it needs."""
    from ragsight.errors import StoreNotFoundError
    from ragsight.store import MultimodalStore

    profile = MultimodalStore.profile_at(index)
    if not create and profile is None:
        raise StoreNotFoundError(no_index(index))
    has_images = profile is None or profile.encoder is not None
    encoder = encoder_for(index, model) if has_images else None
    return MultimodalStore.open(index, encoder=encoder, create=create)


def no_index(index: str) -> str:
    """What to say where there is no index."""
    shown = without_secrets(index)
    return f"{shown}: there is no index here. Make one with: ragsight index PATH --index {shown}"


def vision_backend(
    vlm: str | None, base_url: str | None, *, max_tokens: int | None = None
) -> VisionBackend | None:
    """The vision model that the options or the environment switch on; None if neither does."""
    from ragsight.answer import resolve_backend
    from ragsight.answer.providers.table import default_name, environment_key
    from ragsight.errors import ConfigurationError

    settings: dict[str, Any] = {} if max_tokens is None else {"max_output_tokens": max_tokens}
    if base_url is not None:
        if vlm is None:
            raise ConfigurationError("--base-url needs --vlm MODEL: which model shall it run?")
        settings |= {"base_url": base_url, "api_key": environment_key("local")}
        name: str | None = f"local:{vlm.removeprefix('openai:').removeprefix('local:')}"
    else:
        name = vlm if vlm is not None else default_name()
    return None if name is None else resolve_backend(name, **settings)


def no_model() -> Text:
    """How a vision model is switched on."""
    from ragsight.answer.providers.table import key_variables

    return Text(
        f"No vision model is switched on: set {key_variables()}, or pass "
        "--base-url http://localhost:11434/v1 --vlm MODEL for a local server.",
        style="yellow",
    )


def _quiet_transformers() -> None:
    """Keep the terminal for our own progress; a download still shows its bar."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
