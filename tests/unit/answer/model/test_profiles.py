from __future__ import annotations

from dataclasses import replace

import pytest

from answering import passage
from ragsight.answer.model import profiles
from ragsight.answer.model.profiles import (
    CLAUDE,
    CLAUDE_4_7,
    LOCAL,
    OPENAI_PROFILES,
    TABLE_DATE,
)
from ragsight.answer.providers import table
from ragsight.answer.providers.table import profile_for, register_profile
from ragsight.answer.request.options import SynthesizerOptions
from ragsight.answer.request.plan import plan_request


def cost(provider: str, model: str, detail: str, size: tuple[int, int]) -> tuple[int, int, int]:
    rule = profile_for(provider, model).rule(detail)
    width, height = rule.limits.fit(*size)
    return width, height, rule.tokens.count(width, height)


def test_openais_published_vector_for_a_square_at_high_detail() -> None:
    assert cost("openai", "gpt-6-astra", "high", (2048, 2048)) == (1600, 1600, 3000)


@pytest.mark.parametrize(("detail", "tokens"), [("original", 10_296), ("high", 2974)])
def test_openais_published_vectors_for_an_a4_page_at_300_dpi(detail: str, tokens: int) -> None:
    assert cost("openai", "gpt-6-astra", detail, (2480, 3508))[2] == tokens


@pytest.mark.parametrize(
    ("model", "size", "native"),
    [
        ("claude-sonnet-4-5", (1075, 1520), (924, 1307)),
        ("claude-opus-4-7", (3840, 2160), (2576, 1449)),
    ],
)
def test_anthropics_published_sizes(
    model: str, size: tuple[int, int], native: tuple[int, int]
) -> None:
    assert cost("anthropic", model, "high", size)[:2] == native


@pytest.mark.parametrize(
    ("model", "detail", "size", "tokens"),
    [
        ("gpt-4o", "low", (4000, 3000), 85),
        ("gpt-4o", "high", (1024, 1024), 765),  # 768 px square: 4 tiles
        ("gpt-4o", "high", (2048, 4096), 1105),  # 768x1536: 6 tiles
        ("gpt-4o-mini", "high", (512, 512), 2833 + 5667),
        ("o3", "high", (100, 100), 225),
        ("gpt-5", "high", (1024, 1024), 70 + 4 * 140),
        ("gpt-4.1-mini", "high", (1024, 1024), 1659),  # 1,024 patches * 1.62
        ("gpt-5-mini", "high", (2048, 768), 2489),  # 1,536 patches * 1.62
        ("gpt-5-nano", "high", (1600, 1600), 3742),  # 39 * 39 patches * 2.46
        ("o4-mini", "low", (320, 320), 172),
    ],
)
def test_tile_and_patch_models_cost_what_their_tables_say(
    model: str, detail: str, size: tuple[int, int], tokens: int
) -> None:
    assert cost("openai", model, detail, size)[2] == tokens


@pytest.mark.parametrize(
    ("provider", "model", "context", "images"),
    [
        ("anthropic", "claude-opus-4-7", 1_000_000, 600),
        ("anthropic", "claude-sonnet-4-6", 1_000_000, 600),
        ("anthropic", "claude-haiku-4-5-20251001", 200_000, 100),
        ("openai", "gpt-6-astra", 1_000_000, 1500),
        ("openai", "gpt-5.6-luna", 1_000_000, 1500),
        ("openai", "gpt-5.4-mini", 400_000, 1500),
        ("openai", "gpt-5.1", 272_000, 1500),
        ("openai", "gpt-4o-mini", 128_000, 1500),
    ],
)
def test_a_model_takes_what_its_provider_says(
    provider: str, model: str, context: int, images: int
) -> None:
    profile = profile_for(provider, model)

    assert (profile.context, profile.max_images) == (context, images)


@pytest.mark.parametrize("model", OPENAI_PROFILES)
def test_a_dated_snapshot_has_its_familys_profile(model: str) -> None:
    assert profile_for("openai", f"{model}-2026-10-01") is OPENAI_PROFILES[model]


@pytest.mark.parametrize(
    ("model", "edge"),
    [
        ("claude-opus-4-7", 2576),
        ("claude-sonnet-5", 2576),
        ("claude-opus-4-10-20270101", 2576),
        ("claude-sonnet-4-20250514", 1568),
        ("claude-haiku-4-5-20251001", 1568),
        ("claude-3-5-sonnet-latest", 1568),
    ],
)
def test_claudes_version_is_read_from_its_name(model: str, edge: int) -> None:
    profile = profile_for("anthropic", model)

    assert profile.rule("high").limits.max_edge == edge
    assert not profile.warning


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "gpt-9"), ("openai", "gpt-5.7"), ("openai", "o1x"), ("anthropic", "claude-next")],
)
def test_an_unknown_model_gets_cautious_limits_and_a_warning(provider: str, model: str) -> None:
    profile = profile_for(provider, model)

    assert model in profile.warning
    assert profile.rule("high").limits.max_edge <= 1568


def test_auto_means_original_for_the_models_that_say_so_and_high_elsewhere() -> None:
    assert profile_for("openai", "gpt-5.6-sol").level("auto") == "original"
    assert profile_for("openai", "gpt-5.4").level("auto") == "high"
    assert profile_for("openai", "gpt-4o").level("original") is None


def test_more_than_twenty_images_make_claude_look_at_2000_pixels_each() -> None:
    profile = profile_for("anthropic", "claude-opus-4-7")

    assert profile.rule("high", images=20).limits.max_edge == 2576
    assert profile.rule("high", images=21).limits.max_edge == 2000


def test_local_servers_get_one_png_or_jpeg_unless_told_otherwise() -> None:
    assert LOCAL.default_images == 1
    assert LOCAL.rule("high").limits.formats == {"image/png", "image/jpeg"}


def test_every_profile_of_the_table_says_when_it_was_read_and_what_context_it_has() -> None:
    table = [*OPENAI_PROFILES.values(), CLAUDE, CLAUDE_4_7]

    assert {profile.date for profile in [*table, LOCAL]} == {TABLE_DATE}
    assert all(profile.context is not None for profile in table)
    assert LOCAL.context is None


@pytest.mark.parametrize(
    ("model", "detail", "size", "expected"),
    [
        ("gpt-6-astra", "low", (4000, 2000), (512, 256, 154)),  # 16*8 patches * 1.2
        ("gpt-5.5", "high", (4096, 1024), (2048, 512, 1229)),  # 64*16 * 1.2
        ("gpt-5.4", "low", (2048, 2048), (2048, 2048, 4916)),  # 64*64 * 1.2
        ("gpt-5.4", "original", (6000, 1000), (6000, 1000, 7220)),  # 188*32 * 1.2
    ],
)
def test_each_level_of_detail_has_its_own_size_and_cost(
    model: str, detail: str, size: tuple[int, int], expected: tuple[int, int, int]
) -> None:
    assert cost("openai", model, detail, size) == expected


def test_claude_counts_patches_of_28_pixels() -> None:
    assert cost("anthropic", "claude-opus-4-7", "high", (1092, 1092))[2] == 39 * 39
    assert cost("anthropic", "claude-opus-4-7", "high", (8000, 8000))[2] <= 4784
    assert cost("anthropic", "claude-sonnet-4-5", "high", (8000, 8000))[2] <= 1568


def test_the_table_can_be_extended_and_the_longest_name_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table, "_registered", {})
    register_profile("openai", "gpt-9", OPENAI_PROFILES["gpt-5.4"])
    register_profile("openai", "gpt-9-mini", OPENAI_PROFILES["gpt-4o"])
    register_profile("local", "qwen2.5vl", OPENAI_PROFILES["gpt-5.2"])

    assert profile_for("openai", "gpt-9-2027-01-01").name == "gpt-5.4"
    assert profile_for("openai", "gpt-9-mini").name == "gpt-4o"
    assert profile_for("local", "qwen2.5vl").name == "gpt-5.2"
    assert profile_for("local", "llava") is LOCAL
    assert profile_for("anthropic", "gpt-9").warning


@pytest.mark.parametrize(("day", "warns"), [("2000-01-01", True), ("2999-01-01", False)])
def test_a_model_that_is_served_no_longer_is_worth_a_warning(day: str, warns: bool) -> None:
    profile = replace(OPENAI_PROFILES["gpt-4o"], retires=day)

    plan = plan_request("When?", [passage()], profile, SynthesizerOptions())

    assert [day in warning for warning in plan.warnings] == ([True] if warns else [])


def test_a_tightened_profile_never_allows_more() -> None:
    tight = CLAUDE_4_7.tightened(max_edge=1000, max_bytes=10**9)

    assert tight.rule("high").limits.max_edge == 1000
    assert tight.rule("high").limits.max_bytes == CLAUDE_4_7.rule("high").limits.max_bytes
    assert CLAUDE_4_7.tightened(max_edge=9000).rule("low").limits.max_edge == 2576


def test_profiles_are_still_found_where_they_were_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match=r"ragsight\.answer\.profile_for is where"):
        found = profiles.profile_for
    assert found is profile_for
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        profiles.nothing  # noqa: B018
