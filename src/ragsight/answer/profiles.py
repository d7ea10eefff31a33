"""What each vision model takes and what an image costs it, as published on `TABLE_DATE`.

A model that isn't in the table gets a cautious profile and a warning on the answer. To teach
ragsight another model, pass a `ModelProfile` of your own in `SynthesizerOptions(profile=...)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from ragsight.answer.tokens import PatchTokens, TileTokens, TokenRule
from ragsight.images.preparing import ImageLimits

TABLE_DATE = "2026-11"
"""When the limits and formulas below were read in the providers' documentation."""

Detail: TypeAlias = Literal["auto", "low", "high", "original"]

DETAILS: tuple[Detail, ...] = get_args(Detail)

WEB_FORMATS = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_UNBOUNDED = 1 << 20


@dataclass(frozen=True, slots=True)
class ImageRule:
    """How a model looks at an image at one level of detail.

    Attributes:
        limits: The largest size that isn't scaled down by the provider.
        tokens: What an image of a given size costs.
    """

    limits: ImageLimits
    tokens: TokenRule


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProfile:
    """Limits of a vision model.

    Attributes:
        name: Family of models that share these limits.
        rules: How it looks at images, by level of detail (`low`, `high`, `original`).
        auto: The level that `auto` stands for.
        max_images: Images that one request may hold.
        default_images: Images that are sent unless the caller asks for more; `None` for all.
        max_request_bytes: Largest request, images counted in base64.
        many_images: Above this many images `many_images_edge` holds for each of them.
        many_images_edge: Longest side in pixels then.
        warning: What the caller should know about this profile.

    Example:
        >>> profile_for("anthropic", "claude-opus-4-7").rule("high").limits.fit(3840, 2160)
        (2576, 1449)
    """

    name: str
    rules: Mapping[str, ImageRule]
    auto: str = "high"
    max_images: int
    default_images: int | None = None
    max_request_bytes: int
    many_images: int | None = None
    many_images_edge: int | None = None
    warning: str = ""

    def level(self, detail: str) -> str | None:
        """The level that a caller's `detail` means here, or `None` where there is no such level."""
        level = self.auto if detail == "auto" else detail
        return level if level in self.rules else None

    def rule(self, detail: str, *, images: int = 1) -> ImageRule:
        """How an image is looked at in a request of so many images.

        Raises:
            KeyError: If the model has no such level; see `level`.
        """
        rule = self.rules[self.auto if detail == "auto" else detail]
        if self.many_images is None or self.many_images_edge is None or images <= self.many_images:
            return rule
        edge = min(rule.limits.max_edge, self.many_images_edge)
        return replace(rule, limits=replace(rule.limits, max_edge=edge))


def profile_for(provider: str, model: str) -> ModelProfile:
    """Find a model's profile by name.

    Args:
        provider: `openai`, `anthropic`, or `local` for a server that speaks OpenAI's Chat API.
        model: The model's name; a dated snapshot has its family's profile.

    Returns:
        The profile, or a cautious one whose `warning` says so.
    """
    if provider == "local":
        return LOCAL
    if provider == "anthropic":
        version = _claude_version(model)
        if version is None:
            return _unknown(_CLAUDE_CAUTIOUS, model)
        return CLAUDE_4_7 if version >= (4, 7) else CLAUDE
    for family, profile in _OPENAI_BY_LENGTH:
        if model == family or model.startswith((f"{family}-", f"ft:{family}")):
            return profile
    return _unknown(_OPENAI_CAUTIOUS, model)


def _unknown(profile: ModelProfile, model: str) -> ModelProfile:
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


def _openai(name: str, auto: str = "high", **rules: ImageRule) -> ModelProfile:
    return ModelProfile(
        name=name,
        rules=MappingProxyType(rules),
        auto=auto,
        max_images=1500,
        max_request_bytes=512_000_000,
    )


def _openai_tiles(name: str, base: int, tile: int) -> ModelProfile:
    # At low detail the model sees 512 pixels and charges the base alone.
    return _openai(name, low=_tiles(512, None, base, 0), high=_tiles(2048, 768, base, tile))


_LOW = _patches(512, None)
_HIGH = _patches(2048, 2500)
_WIDE = _patches(2048, 6144)
_ORIGINAL = _patches(_UNBOUNDED, 30_000)
_ORIGINAL_6000 = _patches(6000, 10_000)

_GPT_5_4 = _openai("gpt-5.4", low=_WIDE, high=_HIGH, original=_ORIGINAL_6000)
_GPT_5_6 = _openai("gpt-5.6", "original", low=_LOW, high=_HIGH, original=_ORIGINAL)

OPENAI_PROFILES: Mapping[str, ModelProfile] = MappingProxyType(
    {
        "gpt-6-astra": _openai(
            "gpt-6-astra",
            "original",
            low=_LOW,
            high=_patches(_UNBOUNDED, 2500),
            original=_ORIGINAL,
        ),
        "gpt-5.6": _GPT_5_6,
        "gpt-5.6-sol": _GPT_5_6,
        "gpt-5.6-terra": _GPT_5_6,
        "gpt-5.6-luna": _GPT_5_6,
        "gpt-5.5": _openai("gpt-5.5", "original", low=_LOW, high=_HIGH, original=_ORIGINAL_6000),
        "gpt-5.4": _GPT_5_4,
        "gpt-5.4-mini": _GPT_5_4,
        "gpt-5.4-nano": _GPT_5_4,
        "gpt-5.2": _openai("gpt-5.2", low=_WIDE, high=_WIDE),
        "gpt-4.1-mini": _openai(
            "gpt-4.1-mini", low=_patches(2048, 6144, 1.62), high=_patches(2048, 6144, 1.62)
        ),
        "gpt-5.1": _openai_tiles("gpt-5", 70, 140),
        "gpt-5": _openai_tiles("gpt-5", 70, 140),
        "gpt-4o": _openai_tiles("gpt-4o", 85, 170),
        "gpt-4.1": _openai_tiles("gpt-4o", 85, 170),
        "o1": _openai_tiles("o1", 75, 150),
        "o3": _openai_tiles("o1", 75, 150),
        "gpt-4o-mini": _openai_tiles("gpt-4o-mini", 2833, 5667),
    }
)
"""Profiles of OpenAI's models by name."""

_OPENAI_BY_LENGTH = sorted(OPENAI_PROFILES.items(), key=lambda item: -len(item[0]))

# The dearest formula and the smallest image: it may look less closely, but never costs more.
_OPENAI_CAUTIOUS = _openai("unknown OpenAI model", low=_LOW, high=_patches(1536, 1536, 1.62))


def _claude(name: str, max_edge: int, max_patches: int, base64_bytes: int) -> ModelProfile:
    limits = ImageLimits(
        max_edge=max_edge,
        patch=28,
        max_patches=max_patches,
        max_bytes=base64_bytes // 4 * 3,
        formats=WEB_FORMATS,
    )
    rule = ImageRule(limits, PatchTokens(28))
    return ModelProfile(
        name=name,
        rules=MappingProxyType({"low": rule, "high": rule, "original": rule}),
        max_images=100,
        max_request_bytes=32_000_000,
        many_images=20,
        many_images_edge=2000,
    )


CLAUDE_4_7 = _claude("claude-4.7", 2576, 4784, 10_000_000)
"""Claude 4.7 and later."""

CLAUDE = _claude("claude", 1568, 1568, 10_000_000)
"""Claude up to 4.6."""

# 5 MB is what Bedrock and Google Cloud take, wherever an unknown name may lead.
_CLAUDE_CAUTIOUS = _claude("unknown Claude model", 1568, 1568, 5_000_000)

_LOCAL_RULE = ImageRule(
    ImageLimits(max_edge=1536, patch=28, max_patches=3025, max_bytes=10_000_000), PatchTokens(28)
)

LOCAL = ModelProfile(
    name="local",
    rules=MappingProxyType({"low": _LOCAL_RULE, "high": _LOCAL_RULE, "original": _LOCAL_RULE}),
    max_images=1500,
    default_images=1,
    max_request_bytes=100_000_000,
)
"""Ollama, vLLM, llama.cpp: PNG and JPEG only, and one image until the server is told otherwise."""
