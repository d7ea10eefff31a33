from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ragsight.answer.request.pictures import ImageBudget
from ragsight.answer.request.selection import TextBudget

IMAGES = st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 5_000_000)), max_size=30)


@given(
    images=IMAGES,
    count=st.integers(0, 20),
    tokens=st.integers(0, 40_000),
    size=st.integers(0, 30_000_000),
)
def test_what_is_admitted_is_a_prefix_that_fits_every_limit(
    images: list[tuple[int, int]], count: int, tokens: int, size: int
) -> None:
    budget = ImageBudget(max_images=count, max_tokens=tokens, max_bytes=size)

    taken = [not budget.admit(tokens=t, size=s) for t, s in images]

    kept = [image for image, took in zip(images, taken, strict=True) if took]
    assert taken == sorted(taken, reverse=True)
    assert len(kept) <= count
    assert sum(t for t, _ in kept) == budget.tokens <= tokens
    assert sum(s for _, s in kept) == budget.bytes <= size
    if len(kept) < len(images):
        t, s = images[len(kept)]
        over = (budget.tokens + t > tokens, budget.bytes + s > size, len(kept) == count)
        assert any(over), "an image that would have fitted was refused"


def test_each_refusal_names_the_setting_that_caused_it() -> None:
    by_count = ImageBudget(max_images=0, max_tokens=9, max_bytes=9)
    by_tokens = ImageBudget(max_images=1, max_tokens=9, max_bytes=9)
    by_bytes = ImageBudget(max_images=1, max_tokens=9, max_bytes=9)

    assert "max_images" in by_count.admit(tokens=1, size=1)
    assert "image_token_budget" in by_tokens.admit(tokens=10, size=1)
    assert "9 bytes" in by_bytes.admit(tokens=1, size=10)


def test_a_full_budget_says_so_before_the_next_image_is_opened() -> None:
    budget = ImageBudget(max_images=2, max_tokens=100, max_bytes=100)
    budget.admit(tokens=1, size=1)
    assert not budget.closed
    budget.admit(tokens=1, size=1)
    assert budget.closed.startswith("only 2 images are sent")


def test_a_text_after_one_that_did_not_fit_is_refused_though_it_is_shorter() -> None:
    budget = TextBudget(max_tokens=10)

    assert [bool(budget.admit(tokens=n)) for n in (6, 7, 1)] == [False, True, True]
