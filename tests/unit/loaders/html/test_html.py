from __future__ import annotations

import base64
from pathlib import Path

import pytest

from documents import png
from drawings import noise
from ragsight import Chunk, ChunkingOptions, load
from ragsight.errors import RagsightError
from ragsight.loaders import HtmlLoader, discover, loader_for

URI = "data:image/png;base64," + base64.b64encode(png(noise(3).resize((90, 80)))).decode()


def written(folder: Path, body: str, head: str = "") -> Path:
    path = folder / "page.html"
    text = f"<!DOCTYPE html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"
    path.write_text(text, encoding="utf-8")
    return path


def chunks_of(folder: Path, body: str, head: str = "") -> list[Chunk]:
    return HtmlLoader(written(folder, body, head)).load()


def shown(chunks: list[Chunk]) -> list[tuple[tuple[str, ...], str]]:
    return [(chunk.source.section, chunk.text) for chunk in chunks]


def test_headings_are_the_section_of_what_follows(tmp_path: Path) -> None:
    body = """<h1>Pumps</h1><p>About <b>pumps</b>,<br>and
    more.</p><h2>Care</h2>Loose words<p>Oil&nbsp;it.</p><h2>Bare</h2><h1>Valves</h1>
    <div>One<div>Two</div>Three</div>"""
    assert shown(chunks_of(tmp_path, body)) == [
        (("Pumps",), "About pumps,\nand more."),
        (("Pumps", "Care"), "Loose words\n\nOil\xa0it."),
        (("Pumps",), "Bare"),
        (("Valves",), "One\n\nTwo\n\nThree"),
    ]


def test_a_page_without_headings_stands_under_its_title(tmp_path: Path) -> None:
    [chunk] = chunks_of(tmp_path, "<p>Words</p>", "<title>The\n pump</title>")
    assert chunk.source.section == ("The pump",)
    assert chunk.metadata["document_title"] == "The pump"


@pytest.mark.parametrize(
    "body",
    [
        "<nav>Menu</nav><main><p>Content</p></main><footer>Imprint</footer>",
        "<div id=header>ACME</div><div role=main><p>Content</p></div><aside>Others</aside>",
        "<header>ACME</header><ul class='nav x'><li>Menu</li></ul><p>Content</p><footer>I</footer>",
        "<div class=sidebar>Others</div><article><p>Content</p></article>",
        "<div>Words of the site</div><article><h1>Content</h1></article>",
        "<p>Content</p><script>x()</script><style>p{}</style><template>t</template>"
        "<noscript>n</noscript><p hidden>h</p><p style='color:red; display: none'>d</p>"
        "<select><option>o</option></select><button>b</button><div aria-hidden=true>a</div>",
        "<form action=/><p>Content</p></form>",
        "<nav>Content</nav>",
    ],
)
def test_what_belongs_to_the_site_or_is_not_to_be_seen_is_left_out(
    tmp_path: Path, body: str
) -> None:
    assert [chunk.text for chunk in chunks_of(tmp_path, body)] == ["Content"]


def test_a_page_s_own_heading_is_no_part_of_the_site(tmp_path: Path) -> None:
    body = """<header><h1>Pumps</h1><p>Lead</p></header><p>Content</p><article>
    <footer>By Ann</footer><p>Short</p></article>"""
    [chunk] = chunks_of(tmp_path, body)
    assert chunk.source.section == ("Pumps",)
    assert chunk.text == "Lead\n\nContent\n\nBy Ann\n\nShort"


def test_lists_code_and_quotes_keep_their_form(tmp_path: Path) -> None:
    body = """<ol start=3><li>Open<ul><li>left</li><li>right</li></ul></li><li>Close</li></ol>
    <pre><code>if a &lt; b:
    go()
</code></pre><dl><dt>Pump</dt><dd>Lifts water</dd></dl><ul><li><p>One</p><p>Two</p></li></ul>"""
    [chunk] = chunks_of(tmp_path, body)
    assert chunk.text == (
        "3. Open\n  - left\n  - right\n4. Close\n\n```\nif a < b:\n    go()\n```\n\nPump\n\n"
        "Lifts water\n\nOne\n\nTwo"
    )


def test_tables_keep_columns_and_layout_by_tables_is_none(tmp_path: Path) -> None:
    body = """<table><caption>Table 1: Sizes</caption><tr><th colspan=2>Both</th><th>C</th></tr>
    <tr><td rowspan=2>Down</td><td>1<br>one</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>
    <table><tr><td><h2>Left</h2><p>Words</p></td><td><table><tr><td>x</td></tr></table></td></tr>
    </table>"""
    first, second = chunks_of(tmp_path, body)
    assert (first.kind, first.metadata["label"]) == ("table", "Table 1")
    assert first.metadata["cells"] == [["Both", "", "C"], ["Down", "1 one", "2"], ["", "3", "4"]]
    assert shown([second]) == [(("Left",), "Words\n\nx")]


def test_a_long_table_is_cut_between_rows(tmp_path: Path) -> None:
    rows = "".join(f"<tr><td>row {n} with words</td><td>{n}</td></tr>" for n in range(40))
    path = written(tmp_path, f"<table><tr><th>Name</th><th>Value</th></tr>{rows}</table>")
    pieces = HtmlLoader(path, chunking=ChunkingOptions(300, 0)).load()
    assert len(pieces) > 3
    assert all(p.text.startswith("| Name | Value |") and len(p.text) <= 300 for p in pieces)
    assert sum(len(p.metadata["cells"]) - 1 for p in pieces) == 40


def test_figures_have_their_caption_and_their_picture(tmp_path: Path) -> None:
    (tmp_path / "page_files").mkdir()
    for name in ("a b", "c", "d"):
        noise(len(name)).resize((70 + ord(name[0]), 90)).save(tmp_path / f"page_files/{name}.png")
    body = f"""<p>See Figure 2.</p>
    <figure><a href=x><img src="page_files/a%20b.png" alt="A pump from above"></a>
    <figcaption>Figure 2: The <i>pump</i></figcaption></figure>
    <p>More <img data-src="./page_files/c.png?v=3" src="data:image/gif;base64,R0lGODlh"> words</p>
    <figure><picture><source srcset="https://192.0.2.1/x.png"><img src="{URI}" alt="x.png">
    </picture><figcaption>From inside</figcaption></figure>
    <img srcset="page_files/none.png 1x, page_files/d.png 2x">
    <figure><img src="https://192.0.2.1/y.png" alt="Far away"><figcaption>Elsewhere</figcaption>
    </figure><figure><svg><text>Axis</text></svg><figcaption>Drawn</figcaption></figure>"""
    text, *figures = chunks_of(tmp_path, body)
    assert text.text == "See Figure 2.\n\nMore words"
    assert [(f.text, None if f.image is None else f.image.width) for f in figures] == [
        ("Figure 2: The pump\n\nA pump from above", 70 + ord("a")),
        ("", 70 + ord("c")),
        ("From inside", 90),
        ("", 70 + ord("d")),
        ("Elsewhere\n\nFar away", None),
        ("Drawn\n\nAxis", None),
    ]
    assert text.metadata["mentions"] == [figures[0].id]


def test_pictures_of_a_page_are_not_indexed_twice(tmp_path: Path) -> None:
    noise(1).save(tmp_path / "a.png")
    noise(2).save(tmp_path / "b.png")
    path = written(tmp_path, "<p>x</p><img src=a.png>")
    assert [file.name for file in discover([tmp_path])] == ["b.png", "page.html"]
    before = HtmlLoader(path).fingerprint()
    noise(3).resize((60, 60)).save(tmp_path / "a.png")
    assert HtmlLoader(path).fingerprint() != before


@pytest.mark.parametrize(
    ("encoding", "head", "said"),
    [
        ("utf-8", "<meta charset=utf-8>", ""),
        ("cp1252", "<meta http-equiv=c content='text/html; charset=iso-8859-1'>", "cp1252"),
        ("shift_jis", "<meta charset='Shift_JIS'>", "shift_jis"),
        ("utf-16", "", "utf-16"),
        ("utf-8", "<meta charset=nonsense>", ""),
    ],
)
def test_encodings_are_found_and_said(tmp_path: Path, encoding: str, head: str, said: str) -> None:
    words = "日本のポンプ" if encoding == "shift_jis" else "Café für alle, öfters"
    path = tmp_path / "a.htm"
    path.write_bytes(
        f"<html><head>{head}</head><body><p>{words}</p></body></html>".encode(encoding)
    )
    [chunk] = load(path)
    assert chunk.text == words
    assert said in " ".join(chunk.metadata.get("warnings", []))


def test_a_page_without_a_suffix_is_known_by_its_start(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("\n<!doctype HTML><p>x")
    assert isinstance(loader_for(tmp_path / "page"), HtmlLoader)


@pytest.mark.parametrize(
    "address",
    ["../secret.png", "/etc/passwd", "%2e%2e/secret.png", "a\0b", "x" * 5000, "missing.png"],
)
def test_no_file_outside_the_page_s_folder_is_read(tmp_path: Path, address: str) -> None:
    folder = tmp_path / "page"
    folder.mkdir()
    noise(1).resize((90, 90)).save(tmp_path / "secret.png")
    problems: list[RagsightError] = []
    path = written(folder, f'<p>Words</p><img src="{address}">')
    chunks = HtmlLoader(path, on_error=problems.append).load()
    assert [chunk.text for chunk in chunks] == ["Words"]
    assert "page.html" in str(problems[0])
    shared = HtmlLoader(path, image_root=tmp_path, on_error=problems.append).load()
    assert len(shared) == (2 if "secret" in address else 1)


@pytest.mark.parametrize(
    "address",
    ["http://192.0.2.1/x.png", "//192.0.2.1/x.png", "file:///etc/passwd", "javascript:x()", ""],
)
def test_nothing_is_fetched_and_the_words_are_kept(tmp_path: Path, address: str) -> None:
    body = f'<p>Words</p><img src="{address}" alt="A pump">'
    text, figure = chunks_of(tmp_path, body)
    assert (text.text, figure.text, figure.image) == ("Words", "A pump", None)
