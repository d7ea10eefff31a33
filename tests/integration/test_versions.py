"""Three distributions, one version."""

from __future__ import annotations

import re
from importlib.metadata import requires, version

import pytest

import ragsight

ADAPTERS = ("langchain-ragsight", "llama-index-ragsight")


@pytest.mark.parametrize("distribution", ["ragsight", *ADAPTERS])
def test_every_distribution_has_the_version_of_the_core(distribution: str) -> None:
    assert version(distribution) == ragsight.__version__


@pytest.mark.parametrize("distribution", ADAPTERS)
def test_an_adapter_needs_exactly_its_own_core(distribution: str) -> None:
    core = [line for line in requires(distribution) or () if re.match(r"ragsight\b", line)]
    assert core == [f"ragsight=={ragsight.__version__}"]
