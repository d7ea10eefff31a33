"""Which limits hold for a chat model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable

from ragsight.answer import ModelLimits, profile_for, provider_of

_LOCAL = profile_for("local", "")

LEAST_BYTES = 5_000_000 // 4 * 3
"""Bytes of an image before base64 that every provider takes: Bedrock's limit is the lowest."""

ANY_MODEL = replace(
    _LOCAL.tightened(max_bytes=LEAST_BYTES), name="any chat model", default_images=None
)
"""PNG and JPEG of moderate size, which all vision models take; as many as the budget allows."""


def chat_model_profile(model: Runnable[Any, Any]) -> ModelLimits:
    """Find the limits of a chat model by its package and name."""
    bare = bare_model(model)
    provider = provider_of(type(bare).__module__.partition(".")[0])
    if provider is None:
        return ANY_MODEL
    elsewhere = getattr(bare, "openai_api_base", None)
    if elsewhere and not getattr(bare, "use_responses_api", None):
        # Another server behind OpenAI's Chat API: nobody knows which model is there. One that
        # speaks the Responses API is a gateway to OpenAI itself.
        provider = "local"
    return profile_for(provider, chat_model_name(model))


def takes_detail(model: Runnable[Any, Any], profile: ModelLimits) -> bool:
    """Whether a chat model can be told how closely to look: one of OpenAI's can."""
    package = type(bare_model(model)).__module__.partition(".")[0]
    return provider_of(package) == "openai" and profile.name != _LOCAL.name


def chat_model_name(model: Runnable[Any, Any]) -> str:
    """The name that a chat model was made with, or its class's."""
    bare = bare_model(model)
    for attribute in ("model_name", "model", "model_id"):
        name = getattr(bare, attribute, None)
        if isinstance(name, str) and name:
            return name
    return type(bare).__name__


def bare_model(model: Runnable[Any, Any]) -> Any:
    """The chat model inside `bind`, `with_retry`, `with_config` and the like."""
    inner: Any = model
    while (bound := getattr(inner, "bound", None)) is not None:
        inner = bound
    return inner
