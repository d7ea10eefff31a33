"""A small byte-level BPE vocabulary in the format of CLIP's own tokenizer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, decoders
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTokenizer

if TYPE_CHECKING:
    from collections.abc import Iterable

START = "<|startoftext|>"
END = "<|endoftext|>"
WORD_END = "</w>"


def train_tokenizer(texts: Iterable[str], vocabulary: int, positions: int) -> CLIPTokenizer:
    """Learn merges from texts and wrap them as a `CLIPTokenizer`.

    All 256 bytes are in the vocabulary with and without the end-of-word mark, as in OpenAI's
    CLIP, so no text can produce an unknown token: CLIP's unknown token is also its end token, and
    the text model would stop reading there. The end token has the highest id, as the oldest
    CLIP checkpoints have it.

    Args:
        texts: What to learn from.
        vocabulary: Size of the vocabulary.
        positions: Longest text in tokens, with both marks.

    Returns:
        A tokenizer that `save_pretrained` can write.
    """
    layout = CLIPTokenizer().backend_tokenizer
    learner = Tokenizer(BPE(end_of_word_suffix=WORD_END))
    learner.normalizer, learner.pre_tokenizer = layout.normalizer, layout.pre_tokenizer
    learner.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=vocabulary,
        end_of_word_suffix=WORD_END,
        initial_alphabet=sorted(ByteLevel.alphabet()),
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    merges = _merges_of(learner)
    alphabet = sorted(ByteLevel.alphabet())
    words = [*alphabet, *(letter + WORD_END for letter in alphabet)]
    room = vocabulary - len(words) - 2
    kept = merges[:room]
    words += ["".join(pair) for pair in kept]
    names = [*dict.fromkeys(words), START, END]
    return CLIPTokenizer(
        vocab={name: number for number, name in enumerate(names)},
        merges=kept,  # type: ignore[arg-type]  # it takes pairs, and is annotated otherwise
        model_max_length=positions,
    )


def _merges_of(learner: Tokenizer) -> list[tuple[str, str]]:
    model = json.loads(learner.to_str())["model"]
    return [(pair[0], pair[1]) for pair in model["merges"]]
