# ruff: noqa: RUF001 - letters of other scripts are what is tested
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight import CatalogLoader, TextLoader
from ragsight.errors import DocumentError
from ragsight.loaders.decoding import decode_text

TEXTS = {
    "cp1252": "Crème brûlée costs 5 € in the café “Müller”, said the owner.",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy v lese za řekou.",
    "shift_jis": "ポンプの説明書です。水を汲み上げる機械。",
    "gb18030": "泵站在夜间向上水库供应过滤后的水操作员检查压力。",
    "utf-16": "Notes about the pump station",
    "utf-16-le": "Notes about the pump station",
    "utf-32": "Notes about the pump station",
    "utf-8-sig": "Größe",
    "euc_jp": "ポンプは井戸から水を汲み上げる。" * 20,
    "iso2022_jp": "ポンプは井戸から水を汲み上げる。",
    "koi8_r": "Насос поднимает воду из колодца. Клапан открывают медленно.",
    "cp1254": "Pompa suyu kuyudan çıkarır. Vana yavaşça açılmalı, şaft yağlanmalı.",
    "big5": "水泵把水從井裡抽上來。閥門要慢慢打開，以免水錘。",
    "cp949": "펌프는 우물에서 물을 끌어올린다.",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_a_text_is_read_whatever_it_was_written_in(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXTS[encoding].encode(encoding))
    [chunk] = TextLoader(path).load()
    assert chunk.text == TEXTS[encoding]
    said = chunk.metadata.get("warnings", [])
    assert bool(said) == (not encoding.startswith("utf-8"))


def test_broken_characters_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("Größe und Länge über alles: äöüßäöüßäöüßäöüß".encode() + b" \xff end")
    [chunk] = TextLoader(path).load()
    assert chunk.text.endswith("\ufffd end")
    [warning] = chunk.metadata["warnings"]
    assert warning.startswith("1 characters couldn't be read as utf-8")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["Насос поднимает воду из колодца.\n", "水泵把水从井里抽上来。\n阀门要慢慢打开。\n"]
)
def test_wide_text_of_any_script_needs_no_mark(encoding: str, text: str) -> None:
    decoded = decode_text(text.encode(encoding))
    assert decoded is not None
    assert (decoded.text, decoded.encoding) == (text, encoding)


@pytest.mark.parametrize("text", ["Café", "5 €", "naïve – and short", "Öl"])
def test_a_few_letters_are_read_as_windows_writes_them(text: str) -> None:
    decoded = decode_text(text.encode("cp1252"))
    assert decoded is not None
    assert decoded.text == text


@given(st.binary(min_size=40, max_size=200))
def test_random_bytes_are_not_taken_for_wide_text(data: bytes) -> None:
    decoded = decode_text(data + b"\0\x01")
    assert decoded is None or decoded.encoding not in {"iso2022_jp", "iso2022_kr"}


@pytest.mark.parametrize("data", [b"\x7fELF\x02\0\0\x01" * 20, b"PK\x03\x04\0\0" * 9])
def test_binary_data_is_no_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(DocumentError, match="no text file"):
        TextLoader(path).load()


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig", "utf-8"])
def test_a_catalogue_is_read_whatever_it_was_written_in(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("name,description\nCafé,Crème brûlée für zwölf Gäste\n".encode(encoding))
    [chunk] = CatalogLoader(path).load()
    assert chunk.text == "Café\nCrème brûlée für zwölf Gäste"


def test_a_long_cell_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,description\nTable,{}\nChair,Oak\n".format("word " * 40_000))
    assert [chunk.metadata["name"] for chunk in CatalogLoader(path).load()] == ["Table", "Chair"]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    decoded = decode_text(data)
    assert decoded is None or isinstance(decoded.text, str)
