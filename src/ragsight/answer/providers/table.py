"""The providers of vision models: one row each. What names, finds or explains them goes through it.

To add one, write its backend and the limits of its models in a file of its own, and a row here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ragsight.errors import ConfigurationError

if TYPE_CHECKING:
    from ragsight.answer.model.profile import ModelLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A row of the table.

    Attributes:
        title: What it is called in messages.
        backend: Its backend as `module:Class`, imported when it is used. The class takes the
            model's name, `max_output_tokens=`, and whatever else the caller gives by name.
        profiles: The function from a model's name to its limits, as `module:function`.
        key: The environment variable that holds the key.
        default_model: The model that a key in the environment stands for on the command line;
            empty where none does.
        needs_address: Whether the backend can't be made without `base_url=`.
        packages: Packages in which other frameworks have this provider's models.
    """

    title: str
    backend: str
    profiles: str
    key: str
    default_model: str = ""
    needs_address: bool = False
    packages: tuple[str, ...] = ()


PROVIDERS: dict[str, Provider] = {
    "openai": Provider(
        title="OpenAI",
        backend="ragsight.answer.providers.openai:OpenAIBackend",
        profiles="ragsight.answer.model.profiles:openai_profile",
        key="OPENAI_API_KEY",
        default_model="gpt-5.4-mini",
        packages=("langchain_openai", "llama_index.llms.openai"),
    ),
    "anthropic": Provider(
        title="Anthropic",
        backend="ragsight.answer.providers.anthropic:AnthropicBackend",
        profiles="ragsight.answer.model.profiles:claude_profile",
        key="ANTHROPIC_API_KEY",
        default_model="claude-opus-4-7",
        packages=("langchain_anthropic", "llama_index.llms.anthropic"),
    ),
    # A server that speaks OpenAI's Chat API. OpenAI's own key isn't sent there.
    "local": Provider(
        title="The model server",
        backend="ragsight.answer.providers.compatible:OpenAICompatibleBackend",
        profiles="ragsight.answer.model.profiles:local_profile",
        key="RAGSIGHT_API_KEY",
        needs_address=True,
        packages=("langchain_ollama", "llama_index.llms.ollama", "llama_index.llms.openai_like"),
    ),
}
"""By what stands before the colon in `provider:model`. Of several keys in the environment the
first row's counts."""


def make_backend(name: str, **settings: Any) -> Any:
    """Make the backend that `provider:model` names.

    Raises:
        ConfigurationError: If there is no such provider, no model is named, no key is set, or an
            address is missing.
        MissingExtraError: If the provider's SDK isn't installed.
    """
    prefix, _, model = name.partition(":")
    provider = PROVIDERS.get(prefix)
    if provider is None or not model:
        raise ConfigurationError(
            f"{name!r} names no vision model. Write {model_names()}, or pass a backend such as "
            "OpenAICompatibleBackend(MODEL, ADDRESS) for a server of your own."
        )
    if provider.needs_address and settings.get("base_url") is None:
        raise ConfigurationError(
            f"{name!r} doesn't say where the server is. Pass base_url=, on the command line "
            "--base-url, such as http://localhost:11434/v1."
        )
    return _found(provider.backend)(model, **settings)


def default_name() -> str | None:
    """The `provider:model` that a key in the environment stands for; None if no key does."""
    for prefix, provider in _with_default():
        if os.environ.get(provider.key):
            return f"{prefix}:{provider.default_model}"
    return None


def model_names() -> str:
    """How models are named, for messages: `'openai:MODEL' or 'anthropic:MODEL'`."""
    named = [f"'{prefix}:MODEL'" for prefix, row in PROVIDERS.items() if not row.needs_address]
    return " or ".join(named)


def key_variables() -> str:
    """The variables of which one switches a model on, for messages."""
    return " or ".join(provider.key for _, provider in _with_default())


def environment_key(prefix: str) -> str | None:
    """The provider's key in the environment, if there is one."""
    return os.environ.get(PROVIDERS[prefix].key) or None


def missing_key(prefix: str) -> ConfigurationError:
    """The error that there is no key, which says where to put one."""
    provider = PROVIDERS[prefix]
    return ConfigurationError(
        f"There is no API key for {provider.title}. Set the environment variable {provider.key}, "
        "or pass api_key=."
    )


def provider_of(package: str) -> str | None:
    """The provider whose models a package has; None if that isn't known.

    Args:
        package: A package of another framework, or the provider's own name.

    Example:
        >>> provider_of("langchain_openai"), provider_of("anthropic"), provider_of("elsewhere")
        ('openai', 'anthropic', None)
    """
    rows = PROVIDERS.items()
    return next((p for p, row in rows if package == p or package in row.packages), None)


_registered: dict[tuple[str, str], ModelLimits] = {}


def register_profile(provider: str, family: str, profile: ModelLimits) -> None:
    """Teach ragsight a family of models, for this process; it goes before the table.

    Args:
        provider: `openai`, `anthropic` or `local`.
        family: The model's name, or what its snapshots' names begin with before a hyphen.
        profile: Its limits.

    Example:
        >>> register_profile("openai", "gpt-7", profile_for("openai", "gpt-5.4"))
        >>> profile_for("openai", "gpt-7-2027-03-01").name
        'gpt-5.4'
    """
    _registered[provider, family] = profile


def profile_for(provider: str, model: str) -> ModelLimits:
    """Find a model's profile by name.

    Args:
        provider: `openai`, `anthropic`, or `local` for a server that speaks OpenAI's Chat API.
        model: The model's name; a dated snapshot has its family's profile.

    Returns:
        The profile, or a cautious one whose `warning` says so.
    """
    from ragsight.answer.model.profiles import belongs_to_family, unknown_profile

    for (owner, family), profile in sorted(_registered.items(), key=lambda item: -len(item[0][1])):
        if owner == provider and belongs_to_family(model, family):
            return profile
    row = PROVIDERS.get(provider)
    if row is None:
        return unknown_profile(model)
    found: ModelLimits = _found(row.profiles)(model)
    return found


def _with_default() -> Iterator[tuple[str, Provider]]:
    return ((prefix, row) for prefix, row in PROVIDERS.items() if row.default_model)


def _found(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
