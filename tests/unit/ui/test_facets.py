from __future__ import annotations

from drawings import text_chunk
from ragsight import ClipEncoder, MultimodalStore
from ragsight.ui.facets import MOST_VALUES, facets_of, stored_facets


def test_words_with_few_values_are_choices_the_most_frequent_first() -> None:
    facets = facets_of([text_chunk("a", colour=colour) for colour in ("red", "blue", "blue")])
    [choice] = facets.choices
    assert choice.key == "metadata.colour"
    assert choice.values == (("blue", "blue", 2), ("red", "red", 1))


def test_names_which_are_many_single_values_and_long_ones_are_no_choices() -> None:
    chunks = [
        text_chunk("a", sku=f"S{n}", shop="ours", about="x" * 70 + str(n % 2))
        for n in range(MOST_VALUES + 1)
    ]
    assert facets_of(chunks).choices == ()


def test_numbers_are_ranges_if_they_differ() -> None:
    facets = facets_of([text_chunk("a", price=price, year=2026) for price in (5, 9.5)])
    [found] = facets.ranges
    assert (found.key, found.low, found.high) == ("metadata.price", 5, 9.5)
    assert facets_of([text_chunk("a", price=float("nan"))]).ranges == ()


def test_booleans_are_choices_and_no_numbers() -> None:
    facets = facets_of([text_chunk("a", sold=sold) for sold in (True, False)])
    assert facets.ranges == ()
    assert {(value, name) for value, name, _ in facets.choices[0].values} == {
        (True, "yes"),
        (False, "no"),
    }


def test_keys_that_no_filter_could_name_are_left_out() -> None:
    chunks = [text_chunk("a", **{"a.b": n, "a[0]": str(n), "order": n}) for n in range(2)]
    assert facets_of(chunks).choices == ()
    assert facets_of(chunks).ranges == ()


def test_sources_are_called_by_their_file_names() -> None:
    facets = facets_of([text_chunk("a", uri=f"/docs/{name}") for name in ("a.txt", "b.txt")])
    assert [name for _, name, _ in facets.choices[0].values] == ["a.txt", "b.txt"]
    assert facets.choices[0].key == "source"


async def test_of_a_large_index_a_part_is_counted_and_said_so(encoder: ClipEncoder) -> None:
    with MultimodalStore.open(":memory:", encoder=encoder) as store:
        store.upsert([text_chunk(f"pump {n}", colour="red" if n % 2 else "blue") for n in range(9)])
        whole = await stored_facets(store)
        assert (whole.chunks, whole.complete) == (9, True)
        part = await stored_facets(store, most=4)
        assert (part.chunks, part.complete) == (4, False)
