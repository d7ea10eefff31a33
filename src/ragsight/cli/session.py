"""What the commands share: the index, the encoder, the vision model, the consoles."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from ragsight.answer import VisionBackend
    from ragsight.encoders import ClipEncoder
    from ragsight.store import MultimodalStore

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

DEFAULT_INDEX = ".ragsight"
PROVIDER_DEFAULTS: Mapping[str, str] = {
    "OPENAI_API_KEY": "openai:gpt-5.4-mini",
    "ANTHROPIC_API_KEY": "anthropic:claude-opus-4-7",
}
"""The vision model that a key in the environment stands for, unless one is named."""

SERVER_KEY = "RAGSIGHT_API_KEY"
"""Holds the key of a server at --base-url, if it asks for one; OpenAI's own isn't sent there."""

SWITCH_ON_A_MODEL = (
    "No vision model is switched on: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or pass "
    "--base-url http://localhost:11434/v1 --vlm MODEL for a local server."
)


def print_json(data: Any) -> None:
    """Print for machines: to stdout, unstyled."""
    out.file.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")


def encoder_for(index: str, model: str | None) -> ClipEncoder:
    """The encoder that was asked for, else the one the index was made with, else the default."""
    from ragsight.encoders import DEFAULT_MODEL, ClipEncoder
    from ragsight.store import MultimodalStore

    _quiet_transformers()
    if model is not None:
        return ClipEncoder(model)
    profile = MultimodalStore.profile_at(index)
    if profile is None:
        return ClipEncoder(DEFAULT_MODEL)
    return ClipEncoder(profile.encoder.name, revision=profile.encoder.revision)


def open_index(index: str, *, model: str | None = None, create: bool = False) -> MultimodalStore:
    """Open an index with the encoder it needs."""
    from ragsight.errors import StoreNotFoundError
    from ragsight.store import MultimodalStore

    if not create and MultimodalStore.profile_at(index) is None:
        raise StoreNotFoundError(
            f"{index}: there is no index here. Make one with: ragsight index PATH --index {index}"
        )
    return MultimodalStore.open(index, encoder=encoder_for(index, model), create=create)


def vision_backend(
    vlm: str | None, base_url: str | None, *, max_tokens: int | None = None
) -> VisionBackend | None:
    """The vision model that the options or the environment switch on; None if neither does."""
    from ragsight.answer import OpenAICompatibleBackend, resolve_backend
    from ragsight.errors import ConfigurationError

    limit: dict[str, Any] = {} if max_tokens is None else {"max_output_tokens": max_tokens}
    if base_url is not None:
        if vlm is None:
            raise ConfigurationError("--base-url needs --vlm MODEL: which model shall it run?")
        key = os.environ.get(SERVER_KEY)
        return OpenAICompatibleBackend(vlm.removeprefix("openai:"), base_url, api_key=key, **limit)
    if vlm is not None:
        return resolve_backend(vlm, **limit)
    for variable, default in PROVIDER_DEFAULTS.items():
        if os.environ.get(variable):
            return resolve_backend(default, **limit)
    return None


def _quiet_transformers() -> None:
    """Keep the terminal for our own progress; a download still shows its bar."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
