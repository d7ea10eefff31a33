"""Which limits hold for one of LlamaIndex's models."""

from __future__ import annotations

from dataclasses import replace

from llama_index.core.llms import LLM

from ragsight.answer import ModelLimits, profile_for, provider_of

LEAST_BYTES = 5_000_000 // 4 * 3
"""Bytes of an image before base64 that every provider takes: Bedrock's limit is the lowest."""

ANY_MODEL = replace(
    profile_for("local", "").tightened(max_bytes=LEAST_BYTES),
    name="any chat model",
    default_images=None,
)
"""PNG and JPEG of moderate size, which all vision models take; as many as the budget allows."""

_LITELLM = "llama_index.llms.litellm"
"""Its models have the provider in their names: `anthropic/claude-opus-4-7`."""

_OPENAI = "https://api.openai.com"


def llm_profile(llm: LLM) -> ModelLimits:
    """Find the limits of a model by its package and name."""
    package = ".".join(type(llm).__module__.split(".")[:3])
    name = llm_name(llm)
    provider = provider_of(package)
    if package == _LITELLM:
        owner, _, name = name.rpartition("/")
        provider = provider_of(owner)
    if provider is None:
        return ANY_MODEL
    base = _base_url(llm)
    if provider == "openai" and base is not None and not base.startswith(_OPENAI):
        # Another server behind OpenAI's API: nobody knows which model is there.
        provider = "local"
    return profile_for(provider, name)


def _base_url(llm: LLM) -> str | None:
    options = getattr(llm, "additional_kwargs", {})
    for base in (getattr(llm, "api_base", None), options.get("api_base")):
        if isinstance(base, str):
            return base
    return None


def llm_name(llm: LLM) -> str:
    """The name of a model, or its class's where it doesn't tell."""
    name = llm.metadata.model_name
    return name if name not in {"", "unknown"} else llm.class_name()
