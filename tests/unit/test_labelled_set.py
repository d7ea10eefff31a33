from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

LABELLED = Path(__file__).parents[2] / "benchmarks" / "labelled"
SOURCES: list[dict[str, Any]] = json.loads((LABELLED / "sources.json").read_text("utf-8"))
FILES = sorted((LABELLED / "labels").glob("*.json"))
LABELS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in FILES
}
REGIONS = [
    pytest.param(name, key, item, id=f"{name}-{item['page']}-{key}-{n}")
    for name, labels in LABELS.items()
    for key in ("figures", "tables")
    for n, item in enumerate(labels[key])
]


def test_the_set_is_as_large_and_as_mixed_as_the_benchmarks_say() -> None:
    assert len(LABELS) >= 10
    assert sum(len(labels["figures"]) for labels in LABELS.values()) >= 120
    assert sum(len(labels["tables"]) for labels in LABELS.values()) >= 30
    kinds = " ".join(source["kind"] for source in SOURCES)
    for kind in ("paper", "manual", "slides", "magazine", "scan", "two columns", "rotated"):
        assert kind in kinds


def test_every_source_has_labels_and_all_labels_have_a_source() -> None:
    assert {source["name"] for source in SOURCES} == set(LABELS)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source["name"])
def test_a_source_says_where_it_comes_from_and_under_which_licence(source: dict[str, Any]) -> None:
    assert source["licence"]
    if "package" in source:
        assert source["version"]
        assert not Path(source["path"]).is_absolute()
        assert len(bytes.fromhex(source["sha256"])) == 32
    else:
        earlier = SOURCES[: SOURCES.index(source)]
        assert set(source["built_from"]) <= {one["name"] for one in earlier}


@pytest.mark.parametrize("name", LABELS)
def test_a_label_file_names_its_document_and_its_pages_in_order(name: str) -> None:
    labels = LABELS[name]
    assert set(labels) == {"document", "pages", "figures", "tables"}
    assert labels["document"] == name
    assert labels["pages"] == sorted(set(labels["pages"]))
    assert min(labels["pages"]) >= 1


@pytest.mark.parametrize(("name", "key", "item"), REGIONS)
def test_a_region_lies_on_a_labelled_page_and_is_no_sliver(
    name: str, key: str, item: dict[str, Any]
) -> None:
    expected = {"page", "bbox", "label", "caption"} | ({"kind"} if key == "figures" else set())
    assert set(item) == expected
    assert item["page"] in LABELS[name]["pages"]
    left, top, right, bottom = item["bbox"]
    assert 0 <= left < left + 25 < right <= 1000
    assert 0 <= top < top + 25 < bottom <= 1000


@pytest.mark.parametrize(("name", "key", "item"), REGIONS)
def test_a_label_has_a_number_and_a_caption_doesnt_repeat_it(
    name: str, key: str, item: dict[str, Any]
) -> None:
    del name
    if key == "figures":
        assert item["kind"] in ("bitmap", "vector", "mixed", "text")
    if item["label"] is not None:
        assert item["caption"]
        assert not item["caption"].startswith(item["label"])
        number = item["label"].split()[-1]
        assert number.replace(".", "").isdigit() or set(number) <= set("IVX")


def test_no_label_stands_twice_on_a_page() -> None:
    seen = Counter(
        (name, item["page"], item["label"])
        for name, labels in LABELS.items()
        for item in labels["figures"] + labels["tables"]
        if item["label"]
    )
    assert [place for place, times in seen.items() if times > 1] == []
