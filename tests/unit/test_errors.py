from __future__ import annotations

import pytest

from ragsight.errors import MissingExtraError, extra


def test_a_missing_extra_says_what_to_install() -> None:
    hint = r"pip install 'ragsight\[heif\]'"
    with pytest.raises(MissingExtraError, match=hint), extra("heif", "no_such_module_here"):
        import no_such_module_here  # noqa: F401


def test_a_deeper_import_failure_is_not_blamed_on_the_extra() -> None:
    missing = pytest.raises(ModuleNotFoundError, match="no_such_module_here")
    with missing as caught, extra("openai", "openai"):
        import no_such_module_here  # noqa: F401
    assert not isinstance(caught.value, MissingExtraError)
