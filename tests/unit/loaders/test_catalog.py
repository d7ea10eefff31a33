from __future__ import annotations

import json
from pathlib import Path

import pytest

from drawings import cut_jpeg, heic, noise
from ragsight import CatalogLoader
from ragsight.errors import CatalogError, EmptyDocumentError, RagsightError, SourceNotFoundError


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "pics").mkdir()
    noise(1).save(tmp_path / "pics" / "boot.png")
    return tmp_path


def write(folder: Path, text: str, name: str = "shop.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_row_gives_words_picture_and_facts(shop: Path) -> None:
    path = write(
        shop,
        "sku,name,price,stock,sale,description,image\n"
        "0012,Boot,79.90,3,true,Warm and dry,pics/boot.png\n",
    )
    [chunk] = CatalogLoader(path).load()
    assert chunk.text == "Boot\nWarm and dry"
    assert chunk.image is not None
    assert chunk.image.uri == str(shop / "pics" / "boot.png")
    assert chunk.kind == "product"
    assert (chunk.source.uri, chunk.source.part) == (str(path), "row 1")
    assert dict(chunk.metadata) == {
        "sku": "0012",
        "name": "Boot",
        "price": 79.9,
        "stock": 3,
        "sale": True,
        "description": "Warm and dry",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(shop: Path, delimiter: str) -> None:
    path = write(shop, f'name{delimiter}price\n"Boot, warm; dry"{delimiter}5\n')
    [chunk] = CatalogLoader(path).load()
    assert (chunk.text, chunk.metadata["price"]) == ("Boot, warm; dry", 5)


def test_a_byte_order_mark_is_no_part_of_the_first_column(shop: Path) -> None:
    path = shop / "shop.csv"
    path.write_text("name,price\nBoot,5\n", encoding="utf-8-sig")
    assert CatalogLoader(path).load()[0].text == "Boot"


def test_json_lines_keep_their_own_types(shop: Path) -> None:
    row = {"title": "Boot", "tags": ["warm", "dry"], "size": "041", "image": "pics/boot.png"}
    path = write(shop, json.dumps(row) + "\n\n", "shop.jsonl")
    [chunk] = CatalogLoader(path).load()
    assert chunk.text == "Boot"
    assert dict(chunk.metadata) == {"title": "Boot", "tags": ["warm", "dry"], "size": "041"}
    assert chunk.image is not None


def test_the_columns_can_be_named(shop: Path) -> None:
    path = write(shop, "was,foto,preis\nStiefel,pics/boot.png,5\n")
    [chunk] = CatalogLoader(path, image_column="foto", text_columns=["was"]).load()
    assert chunk.text == "Stiefel"
    assert chunk.image is not None


def test_a_broken_picture_is_reported_with_its_row_and_the_row_is_kept(shop: Path) -> None:
    (shop / "pics" / "bad.png").write_bytes(b"no picture")
    path = write(shop, "name,image\nA,pics/bad.png\nB,pics/absent.png\nC,pics/boot.png\n")
    problems: list[RagsightError] = []
    chunks = CatalogLoader(path, on_error=problems.append).load()
    assert [chunk.text for chunk in chunks] == ["A", "B", "C"]
    assert [chunk.image is not None for chunk in chunks] == [False, False, True]
    assert ["row 1" in str(problems[0]), "row 2" in str(problems[1])] == [True, True]


def test_without_a_handler_the_first_bad_row_stops_the_load(shop: Path) -> None:
    path = write(shop, "name,image\nA,https://example.org/a.png\n")
    with pytest.raises(CatalogError, match=r"row 1.*Check the path|row 1.*not fetched"):
        CatalogLoader(path).load()


def test_a_line_that_is_no_json_object_costs_only_itself(shop: Path) -> None:
    path = write(shop, '{"name": "A"}\n[1]\nnot json\n{"name": "B"}\n', "shop.jsonl")
    problems: list[RagsightError] = []
    chunks = CatalogLoader(path, on_error=problems.append).load()
    assert [chunk.text for chunk in chunks] == ["A", "B"]
    assert [f"line {n}" in str(p) for n, p in zip((2, 3), problems, strict=True)] == [True, True]


@pytest.mark.parametrize("text", ["", "name,price\n"])
def test_a_catalogue_without_rows_is_reported(shop: Path, text: str) -> None:
    with pytest.raises(EmptyDocumentError):
        CatalogLoader(write(shop, text)).load()


def test_columns_without_words_or_pictures_are_named(shop: Path) -> None:
    with pytest.raises(CatalogError, match="lat, lon"):
        CatalogLoader(write(shop, "lat,lon\n1,2\n")).load()


def test_bytes_that_are_no_text_are_reported(shop: Path) -> None:
    path = shop / "shop.csv"
    path.write_bytes(b"name,price\n\xff\xfe\x00,5\n" + cut_jpeg())
    with pytest.raises(CatalogError, match="UTF-8"):
        CatalogLoader(path).load()


def test_the_fingerprint_follows_rows_and_pictures(shop: Path) -> None:
    path = write(shop, "name,image\nA,pics/boot.png\n")
    first = CatalogLoader(path).fingerprint()
    assert CatalogLoader(path).fingerprint() == first
    noise(2, (10, 10)).save(shop / "pics" / "boot.png")
    second = CatalogLoader(path).fingerprint()
    write(shop, "name,image\nB,pics/boot.png\n")
    assert len({first, second, CatalogLoader(path).fingerprint()}) == 3


def test_a_missing_catalogue_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"absent\.csv"):
        CatalogLoader(tmp_path / "absent.csv")


def test_a_row_may_name_a_telephones_photograph(shop: Path) -> None:
    (shop / "pics" / "boot.heic").write_bytes(heic(noise(1)))
    [chunk] = CatalogLoader(write(shop, "name,image\nBoot,pics/boot.heic\n")).load()
    assert chunk.image is not None
    assert chunk.image.mime == "image/heic"


def test_half_a_character_costs_no_row(tmp_path: Path) -> None:
    path = write(
        tmp_path, '{"name": "cut \\ud83d", "note": "\\ud83d"}\n{"name": "mug"}\n', "a.jsonl"
    )
    chunks = CatalogLoader(path).load()
    assert [chunk.text for chunk in chunks] == ["cut \ufffd", "mug"]
    assert chunks[0].metadata["note"] == "\ufffd"
