from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ragsight.encoders.clip.fingerprints import digest_of, folder_digest


def weights() -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    return {name: torch.randn(100, 80, generator=random) for name in ("a", "b", "c")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_file(weights(), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_training_one_tensor_changes_the_digest_though_not_the_size(
    name: str, folder: Path
) -> None:
    before, size = folder_digest(folder), (folder / "model.safetensors").stat().st_size
    changed = weights()
    changed[name] *= 1.0001
    save_file(changed, folder / "model.safetensors")
    assert (folder / "model.safetensors").stat().st_size == size
    assert folder_digest(folder) != before


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "merges.txt"])
def test_configuration_and_vocabulary_change_the_digest(name: str, folder: Path) -> None:
    before = folder_digest(folder)
    (folder / name).write_text('{"size": 9}')
    assert folder_digest(folder) != before


def test_names_times_and_other_files_do_not(folder: Path, tmp_path_factory) -> None:
    before = folder_digest(folder)
    (folder / "README.md").write_text("words")
    moved = tmp_path_factory.mktemp("other") / "name"
    folder.rename(moved)
    (moved / "config.json").touch()
    assert folder_digest(moved) == before


@pytest.mark.parametrize("content", [b"", b"short", b"\x10" + bytes(7) + b"not json at all" * 9])
def test_a_file_that_is_no_safetensors_is_read_here_and_there(content: bytes, folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(content)
    before = folder_digest(folder)
    (folder / "model.safetensors").write_bytes(content + b"more")
    assert folder_digest(folder) != before


def test_pickled_weights_are_read_here_and_there(folder: Path) -> None:
    torch.save(weights(), folder / "pytorch_model.bin")
    before = folder_digest(folder)
    torch.save({name: each + 1 for name, each in weights().items()}, folder / "pytorch_model.bin")
    assert folder_digest(folder) != before


def test_facts_have_one_digest_whatever_their_order() -> None:
    assert digest_of({"a": 1, "b": None}) == digest_of({"b": None, "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 2})
