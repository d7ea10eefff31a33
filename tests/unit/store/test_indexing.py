from __future__ import annotations

from ragsight.store.indexing import LONGEST_WORD, MOST_KEYS, index_kinds, new_indexes


def test_each_type_of_value_gets_the_index_that_serves_its_filters() -> None:
    metadata = {
        "price": 20,
        "name": "boots",
        "made": "2026-01-05T10:00:00Z",
        "sizes": [41, 42],
        "maker": {"land": "PT"},
    }
    assert index_kinds(metadata) == {
        "metadata.price": "float",
        "metadata.name": "keyword",
        "metadata.made": "datetime",
        "metadata.sizes": "float",
        "metadata.maker.land": "keyword",
    }


def test_what_nobody_filters_by_gets_none() -> None:
    prose = "word " * LONGEST_WORD
    assert index_kinds({"caption": prose, "new": True, "gone": None, "parts": [{"a": 1}]}) == {}
    assert index_kinds({"next": "some id", "mentions": ["one", "two"], "caption_bbox": [1.0]}) == {}


def test_keys_that_no_path_can_name_are_left_out() -> None:
    assert index_kinds({"sizes": {"a.b": 1, "c[0]": 2, "": 3, "ok": 4}}) == {
        "metadata.sizes.ok": "float"
    }


def test_a_key_with_dates_and_numbers_gets_the_index_that_hides_neither() -> None:
    assert new_indexes({}, [{"when": "2026-01-05"}, {"when": 2026}]) == {"metadata.when": "keyword"}
    assert new_indexes({"metadata.when": "float"}, [{"when": "2026-01-05"}]) == {
        "metadata.when": "keyword"
    }
    assert new_indexes({"metadata.when": "keyword"}, [{"when": 3}, {"when": "2026-01-05"}]) == {}


def test_known_keys_are_not_indexed_again_and_there_is_an_end_to_them() -> None:
    assert new_indexes({"metadata.price": "float"}, [{"price": 3}]) == {}
    many = {f"key{n}": n for n in range(2 * MOST_KEYS)}
    assert len(new_indexes({"metadata.price": "float"}, [many])) == MOST_KEYS - 1
