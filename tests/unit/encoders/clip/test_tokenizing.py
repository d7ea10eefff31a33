from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, ByT5Tokenizer

from checkpoints import CONTEXT, edit_json, make_clip
from ragsight import DEMO_MODEL
from ragsight.encoders.clip.checkpoint import Checkpoint
from ragsight.encoders.clip.tokenizing import (
    FastTokenizer,
    LongTextNotice,
    TextTokenizer,
    TokenRules,
    WrappedTokenizer,
    load_text_tokenizer,
)
from ragsight.errors import EncoderError

DEMO = load_text_tokenizer(Checkpoint(DEMO_MODEL))
REFERENCE = AutoTokenizer.from_pretrained(Checkpoint(DEMO_MODEL).location)
BYTES = WrappedTokenizer(ByT5Tokenizer(), TokenRules(context_length=20, pad_id=0))


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80))
def test_the_ids_are_those_of_transformers(text: str) -> None:
    expected = REFERENCE(text, truncation=True, max_length=48)["input_ids"]
    assert DEMO.windows([text])[0][0] == expected


@settings(deadline=None)
@given(st.text(max_size=300))
def test_the_windows_hold_all_of_a_text_between_the_special_tokens(text: str) -> None:
    windows = DEMO.windows([text])[0]
    whole = REFERENCE(text)["input_ids"]
    assert all(len(window) <= 48 for window in windows)
    assert all((window[0], window[-1]) == (whole[0], whole[-1]) for window in windows)
    assert [token for window in windows for token in window[1:-1]] == whole[1:-1]


def test_half_a_character_does_not_stop_a_batch() -> None:
    found = DEMO.windows(["a \ud800 b", "c"])
    assert found == DEMO.windows(["a \ufffd b", "c"])


@pytest.mark.parametrize("text", ["short", "a text of more than twenty bytes", ""])
def test_a_tokenizer_that_is_not_of_the_library_gives_the_ids_of_transformers(text: str) -> None:
    expected = ByT5Tokenizer()(text, truncation=True, max_length=20)["input_ids"]
    windows = BYTES.windows([text])[0]
    assert windows[0] == expected
    assert [token for window in windows for token in window[:-1]] == ByT5Tokenizer()(text)[
        "input_ids"
    ][:-1]


@given(
    texts=st.lists(st.lists(st.integers(5, 99), min_size=1, max_size=9), min_size=1, max_size=5),
    left=st.booleans(),
    fill=st.booleans(),
    uses_mask=st.booleans(),
)
def test_a_batch_keeps_the_ids_and_marks_what_fills_up(
    texts: list[list[int]], left: bool, fill: bool, uses_mask: bool
) -> None:
    rules = TokenRules(9, 0, pad_left=left, pad_to_context=fill, uses_mask=uses_mask)
    ids, mask = rules.batch(texts)
    assert ids.shape == mask.shape == (len(texts), 9 if fill else max(map(len, texts)))
    assert ids.dtype == mask.dtype == np.int64
    assert [row[row != 0].tolist() for row in ids] == texts
    assert (mask.astype(bool) == (ids != 0)).all() if uses_mask else mask.all()
    assert all(row[-1 if left else 0] != 0 for row in ids)


def test_the_first_text_that_is_cut_off_is_reported_and_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notice = LongTextNotice()
    with caplog.at_level(logging.WARNING, "ragsight"):
        notice.give("a long story", 100, DEMO.rules)
        notice.give("another", 100, DEMO.rules)
    assert len(caplog.records) == 1
    assert "'a long story'" in caplog.text
    assert "after 48" in caplog.text


def test_a_clip_tokenizer_is_read_without_torch_or_transformers(clip_folder: Path) -> None:
    code = (
        "import sys; from ragsight.encoders.clip.checkpoint import Checkpoint;"
        "from ragsight.encoders.clip.tokenizing import load_text_tokenizer;"
        f"t = load_text_tokenizer(Checkpoint({str(clip_folder)!r}));"
        "print(t.windows(['a b']), 'torch' in sys.modules, 'transformers' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    expected = AutoTokenizer.from_pretrained(clip_folder)("a b")["input_ids"]
    assert result.stdout.strip() == f"{[[expected]]} False False"


def edited(folder: Path, change: str) -> TextTokenizer:
    """A CLIP checkpoint whose tokenizer.json was edited, which transformers doesn't look at."""
    path = make_clip(folder) / "tokenizer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    if change == "normalizer":
        content["normalizer"]["normalizers"].pop()
    elif change == "pre_tokenizer":
        content["pre_tokenizer"] = {"type": "Whitespace"}
    elif change == "post_processor":
        content["post_processor"] = None
    path.write_text(json.dumps(content), encoding="utf-8")
    return load_text_tokenizer(Checkpoint(str(folder)))


@pytest.mark.parametrize("change", ["", "normalizer", "pre_tokenizer", "post_processor"])
def test_a_file_with_other_steps_than_clips_is_left_to_transformers(
    change: str, tmp_path: Path
) -> None:
    found = edited(tmp_path, change).windows(["Some TEXT, and more"])[0][0]
    assert found == AutoTokenizer.from_pretrained(tmp_path)("Some TEXT, and more")["input_ids"]


@pytest.mark.parametrize(("length", "positions"), [(8, CONTEXT), (10**30, CONTEXT), (99, CONTEXT)])
@pytest.mark.parametrize("kind", ["CLIPTokenizer", "CLIPTokenizerFast"])
def test_the_context_is_the_smaller_of_the_tokenizers_and_the_models(
    length: int, positions: int, kind: str, tmp_path: Path
) -> None:
    folder = make_clip(tmp_path)
    edit_json(folder / "tokenizer_config.json", model_max_length=length, tokenizer_class=kind)
    tokenizer = load_text_tokenizer(Checkpoint(str(folder)))
    assert isinstance(tokenizer, FastTokenizer)
    assert tokenizer.rules.context_length == min(length, positions)
    assert len(tokenizer.windows(["x" * 200])[0][0]) == min(length, positions)


def test_a_tokenizer_without_a_token_to_fill_up_with_is_named(tmp_path: Path) -> None:
    from checkpoints import make_siglip

    folder = make_siglip(tmp_path)
    edit_json(folder / "tokenizer_config.json", pad_token=None)
    with pytest.raises(EncoderError, match="pad_token"):
        load_text_tokenizer(Checkpoint(str(folder)))
