from __future__ import annotations

from typing import Any

import pytest

from ragsight.encoders import ClipOptions
from ragsight.errors import ConfigurationError


@pytest.mark.parametrize("options", [{"workers": -1}, {"threads": 0}, {"long_texts": "drop"}])
def test_settings_that_make_no_sense_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        ClipOptions(**options)


def test_workers_are_a_few_unless_they_are_told() -> None:
    assert 1 <= ClipOptions().usable_workers <= 4
    assert ClipOptions(workers=9).usable_workers == 9
    assert ClipOptions(workers=0).usable_workers == 0
