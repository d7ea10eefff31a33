from __future__ import annotations

from pathlib import Path

import pytest

from ragsight.errors import StoreError
from ragsight.store import swapping
from ragsight.store.swapping import FRESH, SWAP_FILE, finish_swap, swap_in


def parts(folder: Path, **contents: str) -> None:
    for name, content in contents.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_text(content)


@pytest.mark.parametrize("there", [("text", "image"), ("image",)])
@pytest.mark.parametrize("step", range(6))
def test_a_swap_that_breaks_off_anywhere_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, there: tuple[str, ...]
) -> None:
    parts(tmp_path, **dict.fromkeys(there, "damaged"))
    parts(tmp_path / FRESH, text="mended", image="mended")
    left = [step]
    rename = Path.rename

    def breaking(self: Path, target: Path) -> Path:
        if left[0] == 0:
            raise OSError("the power is gone")
        left[0] -= 1
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(swapping.Path, "rename", breaking)
        try:
            swap_in(tmp_path, "aside", ["text", "image"])
        except StoreError:
            assert (tmp_path / SWAP_FILE).exists()
    finish_swap(tmp_path)
    finish_swap(tmp_path)
    for name in ("text", "image"):
        assert (tmp_path / name / "file").read_text() == "mended"
    for name in there:
        assert (tmp_path / "aside" / name / "file").read_text() == "damaged"
    assert not (tmp_path / SWAP_FILE).exists()
    assert not (tmp_path / FRESH).exists()


@pytest.mark.parametrize("content", ["", "[]", '{"backup": "a"}', '{"backup": "a", "parts": 5}'])
def test_a_damaged_order_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / SWAP_FILE).write_text(content)
    with pytest.raises(StoreError, match=r"repair\.json"):
        finish_swap(tmp_path)
