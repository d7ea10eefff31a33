"""What answers cost, by prices that the caller gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ragsight.answer.model.messages import Completion, Usage

MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Prices of a model for a million tokens each, in any one currency.

    ragsight knows no prices: they change too often for a package to be trusted with them.

    Attributes:
        input: Of the request.
        output: Of the answer.
        cached: Of the part of the request that came from the provider's cache; `None` for `input`.
        cache_write: Of the part that was written to it; `None` for `input`.

    Example:
        >>> usage = Usage(input_tokens=1_000_000, output_tokens=100_000)
        >>> Price(input=2.5, output=15).of(usage)
        4.0
    """

    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None

    def of(self, usage: Usage) -> float:
        """What so many tokens cost."""
        cached = self.cached if self.cached is not None else self.input
        written = self.cache_write if self.cache_write is not None else self.input
        plain = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
        return (
            plain * self.input
            + usage.cached_tokens * cached
            + usage.cache_write_tokens * written
            + usage.output_tokens * self.output
        ) / MILLION


def total_usage(completions: Iterable[Completion]) -> Usage | None:
    """The tokens of all replies; `None` if any provider didn't count, rather than too few."""
    total = Usage(input_tokens=0, output_tokens=0)
    known = False
    for completion in completions:
        if completion.usage is None:
            return None
        total, known = total + completion.usage, True
    return total if known else None


def total_cost(completions: Iterable[Completion], prices: Mapping[str, Price]) -> float | None:
    """What all replies cost; `None` if a model has no price or a provider didn't count.

    Args:
        completions: The replies.
        prices: By the model's name, or what its snapshots' names begin with before a hyphen.
    """
    total = 0.0
    known = False
    for completion in completions:
        price = _price_of(completion.model, prices)
        if completion.usage is None or price is None:
            return None
        total, known = total + price.of(completion.usage), True
    return total if known else None


def _price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    names = [name for name in prices if model == name or model.startswith(f"{name}-")]
    return prices[max(names, key=len)] if names else None
