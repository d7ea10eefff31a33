from __future__ import annotations

import importlib
import subprocess
import sys
import warnings

import pytest

from ragsight import moved


def test_every_old_path_leads_to_a_module_that_is_there() -> None:
    for new in moved._NEW_PATHS.values():
        importlib.import_module(new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ragsight.store.edge", "ragsight.store.engines.edge"),
        ("ragsight.answer.neutral", "ragsight.answer.request.sanitize"),
        ("ragsight.loaders.office.kinds", "ragsight.loaders.slides.painting.kinds"),
        ("ragsight.loaders.pdf.pdfium.paths", "ragsight.loaders.pdf.backends.pdfium.paths"),
    ],
)
def test_a_module_is_found_by_its_old_path_with_a_warning(
    old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, old, raising=False)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = importlib.import_module(old)
    assert f"{old} is {new} now" in str(said[-1].message)
    assert said[-1].category is DeprecationWarning
    assert found is importlib.import_module(new)
    assert found.__spec__ is not None
    assert found.__spec__.name == new


def test_the_warning_points_at_the_line_that_imports() -> None:
    code = "import ragsight\n\nfrom ragsight.store import edge"
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, check=True
    )
    assert "<string>:3: DeprecationWarning: ragsight.store.edge is" in done.stderr


def test_what_never_was_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"ragsight\.store\.nothing"):
        importlib.import_module("ragsight.store.nothing")


def test_a_public_name_is_found_by_its_old_one_with_a_warning() -> None:
    from ragsight import answer

    with pytest.warns(DeprecationWarning, match="ModelProfile is ModelLimits now"):
        assert answer.ModelProfile is answer.ModelLimits  # type: ignore[attr-defined]


def test_the_manifest_is_found_by_its_old_name(recwarn: pytest.WarningsRecorder) -> None:
    from ragsight import store

    assert store.Profile is store.IndexManifest  # type: ignore[attr-defined]
    assert "IndexManifest" in str(recwarn.pop(DeprecationWarning).message)
