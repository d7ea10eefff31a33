"""Profiles of the providers' vision models, as their documentation had them on `TABLE_DATE`.

A model that isn't in the table gets a cautious profile and a warning on the answer. To teach
ragsight another model, pass a `ModelLimits` of your own in `SynthesizerOptions(profile=...)`, or
put it into the table with `register_profile`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from types import MappingProxyType
from typing import Any

from ragsight.answer.model.profile import (
    DETAILS,
    Detail,
    ImageRule,
    ModelLimits,
    PatchTokens,
    TileTokens,
)
from ragsight.images.preparing import ImageLimits

__all__ = [
    "CLAUDE",
    "CLAUDE_4_6",
    "CLAUDE_4_7",
    "DETAILS",
    "LOCAL",
    "OPENAI_PROFILES",
    "TABLE_DATE",
    "Detail",
    "ImageRule",
    "ModelLimits",
    "belongs_to_family",
    "claude_profile",
    "local_profile",
    "openai_profile",
    "unknown_profile",
]

TABLE_DATE = "2026-11"
"""When the limits and formulas below were read in the providers' documentation."""

WEB_FORMATS = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_UNBOUNDED = 1 << 20
_MILLION = 1_000_000
_GPT_5_CONTEXT = 272_000
"""What a request may hold; 128,000 tokens of an answer would have room beside it."""


def openai_profile(model: str) -> ModelLimits:
    """The profile of a model of OpenAI's; a cautious one if it isn't known."""
    for family, profile in _OPENAI_BY_LENGTH:
        if belongs_to_family(model, family):
            return profile
    return unknown_profile(model)


def claude_profile(model: str) -> ModelLimits:
    """The profile of a model of Anthropic's; a cautious one if it isn't known."""
    version = _claude_version(model)
    if version is None:
        return _unknown(_CLAUDE_CAUTIOUS, model)
    return next(profile for least, profile in _CLAUDE_BY_VERSION if version >= least)


def local_profile(_model: str) -> ModelLimits:
    """The profile of any model on a server that resembles OpenAI's."""
    return LOCAL


def unknown_profile(model: str) -> ModelLimits:
    """A cautious profile of a model that nothing is known of."""
    return _unknown(_OPENAI_CAUTIOUS, model)


def belongs_to_family(model: str, family: str) -> bool:
    """Whether a model is of a family: the family itself, a snapshot, or tuned from it."""
    return model == family or model.startswith((f"{family}-", f"ft:{family}"))


def _unknown(profile: ModelLimits, model: str) -> ModelLimits:
    warning = (
        f"The limits of the model {model!r} are not known; images are scaled and counted "
        f"cautiously. Pass SynthesizerOptions(profile=...) to set them."
    )
    return replace(profile, warning=warning)


def _claude_version(model: str) -> tuple[int, int] | None:
    # claude-opus-4-7, claude-sonnet-4-20250514, claude-3-5-haiku-latest
    found = re.search(r"claude-(?:[a-z]+-)?(\d)(?:[-.](\d{1,2})(?!\d))?(?!\d)", model)
    return None if found is None else (int(found[1]), int(found[2] or 0))


def _patches(
    max_edge: int, max_patches: int | None, multiplier: float = 1.2, patch: int = 32
) -> ImageRule:
    limits = ImageLimits(
        max_edge=max_edge,
        patch=patch,
        max_patches=max_patches,
        max_bytes=20_000_000,
        formats=WEB_FORMATS,
    )
    return ImageRule(limits, PatchTokens(patch, multiplier))


def _tiles(max_edge: int, short_edge: int | None, base: int, tile: int) -> ImageRule:
    limits = ImageLimits(
        max_edge=max_edge, max_short_edge=short_edge, max_bytes=20_000_000, formats=WEB_FORMATS
    )
    return ImageRule(limits, TileTokens(base, tile))


def _openai(
    name: str, context: int, auto: str = "high", retires: str = "", **rules: ImageRule
) -> ModelLimits:
    return ModelLimits(
        name=name,
        context=context,
        date=TABLE_DATE,
        retires=retires,
        rules=MappingProxyType(rules),
        auto=auto,
        max_images=1500,
        max_request_bytes=512_000_000,
    )


def _openai_tiles(name: str, context: int, base: int, tile: int, retires: str = "") -> ModelLimits:
    # At low detail the model sees 512 pixels and charges the base alone.
    low, high = _tiles(512, None, base, 0), _tiles(2048, 768, base, tile)
    return _openai(name, context, retires=retires, low=low, high=high)


_LOW = _patches(512, None)
_HIGH = _patches(2048, 2500)
_WIDE = _patches(2048, 6144)
_ORIGINAL = _patches(_UNBOUNDED, 30_000)
_ORIGINAL_6000 = _patches(6000, 10_000)

_GPT_5_4 = _openai("gpt-5.4", _MILLION, low=_WIDE, high=_HIGH, original=_ORIGINAL_6000)
_GPT_5_4_SMALL = replace(_GPT_5_4, context=400_000)
_GPT_5_6 = _openai("gpt-5.6", _MILLION, "original", low=_LOW, high=_HIGH, original=_ORIGINAL)
_PATCHES_4_1_MINI = _patches(2048, 6144, 1.62)
# The factors as documented; users measured less of gpt-5-mini (1.2) and gpt-5-nano (1.5).
_SMALL, _SMALLEST, _O4_MINI = (_patches(2048, 1536, factor) for factor in (1.62, 2.46, 1.72))
_4O_ENDS = "2027-01-14"

OPENAI_PROFILES: Mapping[str, ModelLimits] = MappingProxyType(
    {
        "gpt-6-astra": _openai(
            "gpt-6-astra",
            _MILLION,
            "original",
            low=_LOW,
            high=_patches(_UNBOUNDED, 2500),
            original=_ORIGINAL,
        ),
        "gpt-5.6": _GPT_5_6,
        "gpt-5.6-sol": _GPT_5_6,
        "gpt-5.6-terra": _GPT_5_6,
        "gpt-5.6-luna": _GPT_5_6,
        "gpt-5.5": _openai(
            "gpt-5.5", _MILLION, "original", low=_LOW, high=_HIGH, original=_ORIGINAL_6000
        ),
        "gpt-5.4": _GPT_5_4,
        "gpt-5.4-mini": _GPT_5_4_SMALL,
        "gpt-5.4-nano": _GPT_5_4_SMALL,
        "gpt-5.2": _openai("gpt-5.2", _GPT_5_CONTEXT, low=_WIDE, high=_WIDE),
        "gpt-4.1-mini": _openai(
            "gpt-4.1-mini",
            _MILLION,
            retires=_4O_ENDS,
            low=_PATCHES_4_1_MINI,
            high=_PATCHES_4_1_MINI,
        ),
        "gpt-5.1": _openai_tiles("gpt-5", _GPT_5_CONTEXT, 70, 140),
        "gpt-5": _openai_tiles("gpt-5", _GPT_5_CONTEXT, 70, 140),
        "gpt-5-mini": _openai("gpt-5-mini", _GPT_5_CONTEXT, low=_SMALL, high=_SMALL),
        "gpt-5-nano": _openai("gpt-5-nano", _GPT_5_CONTEXT, low=_SMALLEST, high=_SMALLEST),
        "gpt-4.1-nano": _openai(
            "gpt-4.1-nano", _MILLION, retires=_4O_ENDS, low=_SMALLEST, high=_SMALLEST
        ),
        "o4-mini": _openai("o4-mini", 200_000, low=_O4_MINI, high=_O4_MINI),
        "gpt-4o": _openai_tiles("gpt-4o", 128_000, 85, 170, _4O_ENDS),
        "gpt-4.1": _openai_tiles("gpt-4o", _MILLION, 85, 170, _4O_ENDS),
        "o1": _openai_tiles("o1", 200_000, 75, 150),
        "o3": _openai_tiles("o1", 200_000, 75, 150),
        "gpt-4o-mini": _openai_tiles("gpt-4o-mini", 128_000, 2833, 5667, _4O_ENDS),
    }
)
"""Profiles of OpenAI's models by name."""

_OPENAI_BY_LENGTH = sorted(OPENAI_PROFILES.items(), key=lambda item: -len(item[0]))

# The dearest formula and the smallest image: it may look less closely, but never costs more.
_OPENAI_CAUTIOUS = _openai(
    "unknown OpenAI model", 128_000, low=_LOW, high=_patches(1536, 1536, 1.62)
)


def _claude(
    name: str, max_edge: int, max_patches: int, base64_bytes: int = 10_000_000
) -> ModelLimits:
    limits = ImageLimits(
        max_edge=max_edge,
        patch=28,
        max_patches=max_patches,
        max_bytes=base64_bytes // 4 * 3,
        formats=WEB_FORMATS,
    )
    rule = ImageRule(limits, PatchTokens(28))
    return ModelLimits(
        name=name,
        rules=MappingProxyType({"low": rule, "high": rule, "original": rule}),
        max_images=100,
        max_request_bytes=32_000_000,
        many_images=20,
        many_images_edge=2000,
        context=200_000,
        date=TABLE_DATE,
    )


_MANY_IMAGES = 600
"""What a context of a million tokens takes, instead of 100."""

CLAUDE_4_7 = replace(_claude("claude-4.7", 2576, 4784), context=_MILLION, max_images=_MANY_IMAGES)
"""Claude 4.7 and later."""

CLAUDE = _claude("claude", 1568, 1568)
"""Claude up to 4.5."""

CLAUDE_4_6 = replace(CLAUDE, name="claude-4.6", context=_MILLION, max_images=_MANY_IMAGES)
"""Claude 4.6: the images of earlier ones, the context of later ones."""

_CLAUDE_BY_VERSION = (((4, 7), CLAUDE_4_7), ((4, 6), CLAUDE_4_6), ((0, 0), CLAUDE))

# 5 MB is what Bedrock and Google Cloud take, wherever an unknown name may lead.
_CLAUDE_CAUTIOUS = _claude("unknown Claude model", 1568, 1568, 5_000_000)

_LOCAL_RULE = ImageRule(
    ImageLimits(max_edge=1536, patch=28, max_patches=3025, max_bytes=10_000_000), PatchTokens(28)
)

LOCAL = ModelLimits(
    name="local",
    rules=MappingProxyType({"low": _LOCAL_RULE, "high": _LOCAL_RULE, "original": _LOCAL_RULE}),
    max_images=1500,
    default_images=1,
    max_request_bytes=100_000_000,
    date=TABLE_DATE,
)
"""Ollama, vLLM, llama.cpp: PNG and JPEG only, and one image until the server is told otherwise."""


def __getattr__(name: str) -> Any:
    # They are found by the table of providers, which stands above this room.
    if name in {"profile_for", "register_profile"}:
        warnings.warn(
            f"ragsight.answer.{name} is where to import it from; this path works until the next "
            "release.",
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(import_module("ragsight.answer.providers.table"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
