from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from ragsight.demo.catalogue import draw, products, write_catalogue
from ragsight.demo.drawing import PRODUCT_KINDS
from ragsight.errors import ConfigurationError


def test_the_shop_has_all_kinds_about_equally_often_under_unique_numbers() -> None:
    shop = products()
    assert len(shop) >= 120
    counts = Counter(product.kind for product in shop)
    assert set(counts) == set(PRODUCT_KINDS)
    assert min(counts.values()) >= 5
    assert len({product.sku for product in shop}) == len(shop)


def test_the_demo_questions_have_an_answer() -> None:
    shop = products()
    sneakers = [p for p in shop if (p.kind, p.colour, p.pattern) == ("sneaker", "red", "striped")]
    assert len(sneakers) == 2
    prices = [p.price for p in shop if p.kind == "dress" and p.colour == "blue"]
    assert min(prices) < 50 < max(prices)


def test_descriptions_are_sentences_that_name_the_colour_and_differ() -> None:
    shop = products()
    assert len({product.description for product in shop}) == len(shop)
    for product in shop:
        assert product.colour in product.description
        assert product.description[0].isupper() or product.description.startswith("Our")
        assert product.description.endswith(".")
        assert product.price > 0


def test_the_same_shop_opens_every_time_and_a_smaller_one_is_its_beginning() -> None:
    assert products() == products()
    assert [p.sku for p in products(30)] == [p.sku for p in products()[:30]]


def test_two_products_that_look_alike_have_pictures_of_their_own() -> None:
    shop = products()
    alike = [p for p in shop if (p.kind, p.colour, p.pattern) == ("sneaker", "red", "striped")]
    assert draw(alike[0], 32).tobytes() != draw(alike[1], 32).tobytes()


def test_the_written_catalogue_lists_every_picture(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path, count=12)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = "sku name kind colour pattern price category description image"
    assert list(rows[0]) == columns.split()
    assert [row["sku"] for row in rows] == [product.sku for product in products(12)]
    assert [float(row["price"]) for row in rows] == [product.price for product in products(12)]
    for row in rows:
        with Image.open(tmp_path / row["image"]) as image:
            assert image.size == (256, 256)


def test_writing_again_changes_no_byte_and_touches_no_file(tmp_path: Path) -> None:
    write_catalogue(tmp_path, count=4)
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.rglob("*.*")}
    write_catalogue(tmp_path, count=4)
    assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.rglob("*.*")}


def test_a_damaged_picture_is_written_anew(tmp_path: Path) -> None:
    write_catalogue(tmp_path, count=2)
    picture = tmp_path / products(2)[0].image_name
    good = picture.read_bytes()
    picture.write_bytes(good[:100])
    write_catalogue(tmp_path, count=2)
    assert picture.read_bytes() == good


@pytest.mark.parametrize("count", [0, -3, 100_000])
def test_an_impossible_number_of_products_is_refused(count: int) -> None:
    with pytest.raises(ConfigurationError, match="A catalogue has from 1 to"):
        products(count)
