from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ragsight import load
from ragsight.errors import DocumentError, EmptyDocumentError, RagsightError
from ragsight.loaders import HtmlLoader


def test_deep_nesting_ends_and_what_is_lost_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    started = time.perf_counter()
    path.write_text("<div>" * 1000 + "core" + "</div>" * 1000 + "<p>after")
    text = " ".join(chunk.text for chunk in HtmlLoader(path).load())
    assert "core" in text
    assert "after" in text
    for tag in ("div", "b", "table><tr><td", "ul><li", "figure", "svg", "article", "header"):
        path.write_text(f"<p>Before</p>{f'<{tag}>' * 50_000}core")
        problems: list[RagsightError] = []
        try:
            chunks = HtmlLoader(path, on_error=problems.append).load()
        except DocumentError:
            continue
        found = " ".join(chunk.text for chunk in chunks)
        assert "core" in found or "nested" in str(problems[0])
    assert time.perf_counter() - started < 30


@pytest.mark.parametrize(
    "text",
    [
        "<p>" + "a " * 200_000,
        "<ul>" + "<li>a" * 50_000,
        "<table>" + "<tr><td>a<td>b" * 50_000,
        "<table><tr><td colspan=99999999 rowspan=99999999>a<td>b" + "<tr><td>c" * 3_000,
        "<p>a" + "<img src=x.png alt=y>" * 3_000,
        "<p>a<img srcset='" + "x 1x, " * 50_000 + "'>",
        "<p>a" + "&amp;" * 200_000,
        "<header>" * 1_000 + "<p>a</p>" + "<nav>x</nav>" * 20_000,
        "<!DOCTYPE html [<!ENTITY a 'b'>" + "<!ENTITY c '&a;&a;'>" * 50 + "]><p>a &c;",
    ],
)
def test_long_pages_take_no_time_without_end(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.html").write_text(text)
    started = time.perf_counter()
    assert HtmlLoader(tmp_path / "a.html", on_error=lambda _: None).load()
    assert time.perf_counter() - started < 20


def test_what_is_no_page_costs_itself_among_others(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>Good")
    (tmp_path / "b.html").write_bytes(b"\0\1\2" * 50)
    (tmp_path / "c.html").write_text("<html><script>1</script></html>")
    (tmp_path / "d.html").write_bytes(b"")
    os.mkfifo(tmp_path / "e.html")
    (tmp_path / "f.html").write_text("<<<>>><p <b>Odd</p><![CDATA[x]]><a href='")
    with (tmp_path / "g.html").open("wb") as file:
        file.truncate(70 << 20)
    problems: list[RagsightError] = []
    found = [chunk.source.name for chunk in load(tmp_path, on_error=problems.append)]
    assert found == ["a.html", "f.html"]
    assert sorted({str(problem).split(":")[0][-6:] for problem in problems}) == [
        f"{name}.html" for name in "bcdeg"
    ]
    with pytest.raises(EmptyDocumentError):
        HtmlLoader(tmp_path / "c.html").load()
