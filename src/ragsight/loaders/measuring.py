"""Lengths of texts, in characters or in tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sized
from typing import Any

from ragsight.errors import ConfigurationError
from ragsight.loaders.naming import stable_name

Measure = Callable[[str], int]
"""Gives a text's length."""

Tokenizer = Any
"""A `tokenizers.Tokenizer`, a tokenizer of transformers or tiktoken, or a callable that takes a
text and returns its tokens (anything with a length) or their number."""


def token_counter(tokenizer: Tokenizer) -> Measure:
    """What counts a text's tokens, without those that mark its start and end.

    Args:
        tokenizer: See `Tokenizer`.

    Raises:
        ConfigurationError: If it is nothing that takes a text.

    Example:
        >>> token_counter(str.split)("Open the valve.")
        3
    """
    for method in ("encode_ordinary", "encode"):
        # tiktoken's `encode` refuses texts that look like its control tokens.
        encode = getattr(tokenizer, method, None)
        if callable(encode) and not isinstance(tokenizer, str):
            return _plain(encode) if method == "encode_ordinary" else _without_marks(encode)
    if callable(tokenizer):
        return _plain(tokenizer)
    raise ConfigurationError(
        f"tokenizer={tokenizer!r} can't be used: pass a tokenizers.Tokenizer, a tokenizer of "
        "transformers, or a callable that takes a text and returns its tokens."
    )


def tokenizer_name(tokenizer: Tokenizer) -> str:
    """A name that tells tokenizers apart: by their model's name, else by their vocabulary."""
    serialised = getattr(tokenizer, "to_str", None)
    if callable(serialised):
        digest = hashlib.sha256(str(serialised()).encode()).hexdigest()
        return f"{stable_name(tokenizer)}:{digest[:16]}"
    return stable_name(tokenizer)


def _plain(encode: Callable[[str], Any]) -> Measure:
    return lambda text: _count(encode(text))


def _without_marks(encode: Callable[..., Any]) -> Measure:
    takes_option = True

    def measure(text: str) -> int:
        nonlocal takes_option
        if takes_option:
            try:
                return _count(encode(text, add_special_tokens=False))
            except TypeError:
                takes_option = False
        return _count(encode(text))

    return measure


def _count(tokens: Any) -> int:
    if isinstance(tokens, int):
        return tokens
    if isinstance(tokens, dict) or hasattr(tokens, "input_ids"):
        tokens = tokens["input_ids"]
    ids = getattr(tokens, "ids", tokens)
    if not isinstance(ids, Sized):
        raise ConfigurationError(
            f"The tokenizer returned {type(tokens).__name__}: it must return a list of tokens or "
            "their number."
        )
    return len(ids)
