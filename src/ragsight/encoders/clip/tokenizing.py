"""From texts to token ids, with the `tokenizers` library directly where that gives the same ids.

The transformers tokenizers are the reference. They wrap `tokenizers`, which this module calls
without the wrapper: it is several times faster on one query. Where the files of a checkpoint
tell everything, transformers isn't even imported, which takes seconds.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np

from ragsight.characters import encodable
from ragsight.encoders.clip.backends import TokenArray
from ragsight.encoders.clip.checkpoint import Checkpoint
from ragsight.errors import EncoderError
from ragsight.files import read_regular

Windows: TypeAlias = list[list[int]]
"""A text's token ids: one list if it fits into the context, else one for each window."""

logger = logging.getLogger("ragsight")

_CLIP_CONTEXT = 77


@dataclass(frozen=True)
class TokenRules:
    """How a checkpoint wants its token ids.

    Attributes:
        context_length: Most tokens of one text, special ones included.
        pad_id: Fills up the shorter texts of a batch.
        pad_left: Fill before the text instead of after it.
        pad_to_context: Always fill up to `context_length`. SigLIP learned from texts padded so,
            and reads shorter ones wrongly.
        uses_mask: Whether the model is told which tokens are filling. SigLIP isn't.

    Example:
        >>> ids, mask = TokenRules(context_length=77, pad_id=0).batch([[5, 6, 7], [8]])
        >>> ids.tolist(), mask.tolist()
        ([[5, 6, 7], [8, 0, 0]], [[1, 1, 1], [1, 0, 0]])
    """

    context_length: int
    pad_id: int
    pad_left: bool = False
    pad_to_context: bool = False
    uses_mask: bool = True

    def batch(self, texts: Sequence[Sequence[int]]) -> tuple[TokenArray, TokenArray]:
        """Lay texts side by side.

        Args:
            texts: Token ids, at least one list of them.

        Returns:
            Ids and mask, each `(len(texts), length)`: the context length, or that of the longest.
        """
        width = self.context_length if self.pad_to_context else max(map(len, texts))
        ids = np.full((len(texts), width), self.pad_id, np.int64)
        mask = np.full_like(ids, 0 if self.uses_mask else 1)
        for row, text in enumerate(texts):
            place = slice(width - len(text), None) if self.pad_left else slice(0, len(text))
            ids[row, place] = text
            mask[row, place] = 1
        return ids, mask


class TextTokenizer(Protocol):
    """Turns texts into token ids."""

    rules: TokenRules

    def windows(self, texts: Sequence[str]) -> list[Windows]:
        """Tokenise texts: special tokens added, nothing filled up, long ones in windows."""
        ...


class FastTokenizer:
    """A tokenizer of the `tokenizers` library.

    Args:
        tokenizer: The library's object. It is changed, and must not be used elsewhere.
        rules: How the checkpoint wants the ids.

    Example:
        >>> tokenizer = load_text_tokenizer(Checkpoint("ragsight-demo"))
        >>> [len(window) for window in tokenizer.windows(["mug " * 50])[0]]
        [48, 6]
    """

    def __init__(self, tokenizer: Any, rules: TokenRules) -> None:
        self.rules = rules
        self._tokenizer = tokenizer
        # Set once: doing so while another thread encodes is an error in the library.
        tokenizer.no_padding()
        tokenizer.enable_truncation(rules.context_length)

    def windows(self, texts: Sequence[str]) -> list[Windows]:
        """Tokenise texts: special tokens added, nothing filled up, long ones in windows."""
        encodings = self._tokenizer.encode_batch([encodable(text) for text in texts])
        return [
            [encoding.ids, *(window.ids for window in encoding.overflowing)]
            for encoding in encodings
        ]


class WrappedTokenizer:
    """A transformers tokenizer that isn't built on the `tokenizers` library.

    Args:
        tokenizer: The transformers object.
        rules: How the checkpoint wants the ids.
    """

    def __init__(self, tokenizer: Any, rules: TokenRules) -> None:
        self.rules = rules
        self._tokenizer = tokenizer
        self._room = rules.context_length - tokenizer.num_special_tokens_to_add()
        # Nothing says that these may be used by two threads at once.
        self._lock = threading.Lock()

    def windows(self, texts: Sequence[str]) -> list[Windows]:
        """Tokenise texts: special tokens added, nothing filled up, long ones in windows."""
        with self._lock:
            return [self._windows(encodable(text)) for text in texts]

    def _windows(self, text: str) -> Windows:
        ids = self._tokenizer.convert_tokens_to_ids(self._tokenizer.tokenize(text))
        starts = range(0, max(1, len(ids)), self._room)
        return [
            self._tokenizer.build_inputs_with_special_tokens(ids[start : start + self._room])
            for start in starts
        ]


class LongTextNotice:
    """Warns of the first text that is cut off, and of no other."""

    def __init__(self) -> None:
        self._given = False

    def give(self, text: str, tokens: int, rules: TokenRules) -> None:
        """Warn, unless that has been done."""
        if self._given:
            return
        self._given = True
        logger.warning(
            "A text of about %d tokens is cut off after %d, which is all that the model reads: "
            "%r... Shorten such texts, or encode all of them with long_texts='split'. Further "
            "texts are cut off without a word.",
            tokens,
            rules.context_length,
            text[:40],
        )


def load_text_tokenizer(checkpoint: Checkpoint) -> TextTokenizer:
    """Load the tokenizer of a checkpoint.

    Raises:
        EncoderError: If it has none that can be loaded.
    """
    direct = _from_files(checkpoint)
    return direct if direct is not None else _from_transformers(checkpoint)


def _from_files(checkpoint: Checkpoint) -> FastTokenizer | None:
    """The tokenizer of a CLIP checkpoint, if its files are what transformers makes of them."""
    config = checkpoint.read_json("config.json")
    stated = checkpoint.read_json("tokenizer_config.json")
    kind = str(stated.get("tokenizer_class", "")).removesuffix("Fast")
    if config.get("model_type") != "clip" or kind != "CLIPTokenizer" or "auto_map" in stated:
        return None
    path = checkpoint.file("tokenizer.json")
    if path is None or not _is_clip_pipeline(path):
        return None
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    pad = stated.get("pad_token", "<|endoftext|>")
    pad_id = tokenizer.token_to_id(pad["content"] if isinstance(pad, dict) else str(pad))
    if pad_id is None:
        return None
    text_config = config.get("text_config", {})
    limits = (text_config.get("max_position_embeddings"), stated.get("model_max_length"))
    context = min((int(each) for each in limits if each is not None), default=_CLIP_CONTEXT)
    rules = TokenRules(
        context_length=min(context, _CLIP_CONTEXT) if limits[0] is None else context,
        pad_id=pad_id,
        pad_left=stated.get("padding_side") == "left",
        uses_mask="attention_mask" in stated.get("model_input_names", ["attention_mask"]),
    )
    return FastTokenizer(tokenizer, rules)


def _is_clip_pipeline(path: Path) -> bool:
    """Whether a tokenizer.json has the steps that transformers' CLIPTokenizer always makes.

    That class takes only the vocabulary from the file; one that was edited would give other ids.
    """
    try:
        content = json.loads(read_regular(path))
        normalizers = [step["type"] for step in content["normalizer"]["normalizers"]]
        splitters = [step["type"] for step in content["pre_tokenizer"]["pretokenizers"]]
        processor = content["post_processor"]["type"]
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return (
        normalizers == ["NFC", "Replace", "Lowercase"]
        and splitters == ["Split", "ByteLevel"]
        and processor == "RobertaProcessing"
    )


def _from_transformers(checkpoint: Checkpoint) -> TextTokenizer:
    wrapped = checkpoint.load_tokenizer()
    config = checkpoint.load_config()
    text_config = getattr(config, "text_config", config)
    positions = getattr(text_config, "max_position_embeddings", _CLIP_CONTEXT)
    if wrapped.pad_token_id is None:
        raise EncoderError(
            f"{checkpoint.model}: its tokenizer has no token to fill up texts with (pad_token). "
            "Add one to tokenizer_config.json."
        )
    rules = TokenRules(
        context_length=int(min(positions, wrapped.model_max_length)),
        pad_id=int(wrapped.pad_token_id),
        pad_left=wrapped.padding_side == "left",
        pad_to_context=str(config.model_type).startswith("siglip"),
        uses_mask="attention_mask" in wrapped.model_input_names,
    )
    backend = getattr(wrapped, "backend_tokenizer", None)
    if backend is None:
        return WrappedTokenizer(wrapped, rules)
    return FastTokenizer(backend, rules)
