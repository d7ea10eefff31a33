from __future__ import annotations

import pytest

from answering import passage
from ragsight import VisionSynthesizer
from ragsight.answer import Price
from ragsight.answer.model.costs import total_cost, total_usage
from ragsight.answer.model.messages import Completion, Usage
from ragsight.testing import FakeVisionBackend

USAGE = Usage(input_tokens=1000, output_tokens=100, cached_tokens=600, cache_write_tokens=200)


def reply(usage: Usage | None = USAGE, model: str = "m-1") -> Completion:
    return Completion(text="", model=model, usage=usage)


def test_each_kind_of_token_has_its_own_price() -> None:
    price = Price(input=10, output=100, cached=1, cache_write=20)

    assert price.of(USAGE) == pytest.approx((200 * 10 + 600 * 1 + 200 * 20 + 100 * 100) / 1e6)


def test_without_a_price_for_the_cache_its_tokens_cost_what_others_do() -> None:
    assert Price(input=10, output=0).of(USAGE) == pytest.approx(0.01)


def test_a_snapshot_costs_what_its_family_costs_and_the_longest_name_counts() -> None:
    prices = {"m": Price(input=1, output=0), "m-1": Price(input=2, output=0)}

    assert total_cost([reply(model="m-1-2026-10-01")], prices) == pytest.approx(0.002)
    assert total_cost([reply(model="m1")], prices) is None


@pytest.mark.parametrize("replies", [[], [reply(), reply(None)], [reply(), reply(model="other")]])
def test_a_cost_that_is_not_fully_known_is_none_and_not_too_small(
    replies: list[Completion],
) -> None:
    assert total_cost(replies, {"m-1": Price(input=1, output=1)}) is None


def test_usage_that_is_not_fully_known_is_none() -> None:
    assert total_usage([reply(), reply()]) == USAGE + USAGE
    assert total_usage([reply(), reply(None)]) is None
    assert total_usage([]) is None


def test_an_answer_carries_its_cost_only_where_prices_were_given() -> None:
    def cost(**prices: Price) -> float | None:
        backend = FakeVisionBackend()
        backend.model = "m"
        return VisionSynthesizer(backend, prices=prices).answer("What?", [passage()]).cost

    known = cost(m=Price(input=1e6, output=0))
    assert known is not None
    assert known > 100
    assert cost() is None
