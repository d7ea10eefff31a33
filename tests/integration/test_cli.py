"""The command line as a person meets it: each command in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from drawings import cut_jpeg
from fakes.openai_server import FakeOpenAI
from pdfs import mupdf, paragraph, save_pdf
from ragsight.cli.demo import handbook
from ragsight.demo.drawing import draw_product

PRODUCTS = [
    ("sneaker", "red", "striped"),
    ("boot", "black", "plain"),
    ("mug", "blue", "dotted"),
    ("chair", "green", "plain"),
    ("lamp", "yellow", "plain"),
]


class Shell:
    """Runs `ragsight` in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
        return subprocess.run(
            [sys.executable, "-m", "ragsight", *map(str, arguments)],
            cwd=self.folder,
            env={**kept, "HF_HUB_OFFLINE": "1", "COLUMNS": "200", **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def json(self, *arguments: str | Path, **variables: str) -> Any:
        done = self.run(*arguments, "--json", **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def in_one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The error as one line; there must be one, and no traceback."""
    assert "Traceback" not in done.stderr + done.stdout
    return " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, dict[str, Any]]:
    """A folder with a PDF, five pictures and a broken file, indexed once."""
    folder = tmp_path_factory.mktemp("shell")
    files = folder / "files"
    files.mkdir()
    shutil.copy(handbook(), files / "handbook.pdf")
    for kind, colour, pattern in PRODUCTS:
        draw_product(kind, colour, pattern, seed=5_000_001).save(files / f"{colour}_{kind}.png")
    (files / "broken.jpg").write_bytes(cut_jpeg())
    shell = Shell(folder)
    done = shell.run("index", "files", "--model", "ragsight-demo", "--json")
    assert done.returncode == 1, done.stderr
    return shell, json.loads(done.stdout)


def test_a_broken_file_costs_only_itself_and_the_exit_code_says_so(indexed) -> None:
    _, report = indexed
    by_name = {Path(source["uri"]).name: source for source in report["sources"]}
    assert by_name.pop("broken.jpg")["status"] == "failed"
    assert {source["status"] for source in by_name.values()} == {"indexed"}
    assert len(by_name) == 6


def test_another_process_finds_pictures_by_words(indexed) -> None:
    shell, _ = indexed
    found = shell.json("search", "a red striped sneaker", "--where", "kind=image")
    assert found["hits"][0]["chunk"]["source"]["uri"].endswith("red_sneaker.png")


def test_another_process_finds_passages_and_figures_with_their_pages(indexed) -> None:
    shell, _ = indexed
    hits = shell.json("search", "Which planet has the lowest density?")["hits"]
    assert ("text", 3) in {(h["chunk"]["kind"], h["chunk"]["source"].get("page")) for h in hits}
    hits = shell.json("search", "bar chart of planet radii", "-w", "kind=figure")["hits"]
    assert hits[0]["chunk"]["metadata"]["label"] == "Figure 3"
    assert hits[0]["chunk"]["source"]["page"] == 3


def test_another_process_finds_pictures_like_a_picture(indexed, tmp_path: Path) -> None:
    shell, _ = indexed
    draw_product("mug", "blue", "dotted", seed=5_000_002).save(tmp_path / "wanted.png")
    hits = shell.json("similar", tmp_path / "wanted.png", "-k", "1")["hits"]
    assert hits[0]["chunk"]["source"]["uri"].endswith("blue_mug.png")
    assert hits[0]["channels"][0]["channel"] == "image_to_image"


def test_options_for_pdfs_reach_the_loader(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    save_pdf(
        tmp_path / "secret.pdf",
        lambda page: paragraph(page, (60, 60, 530, 200)),
        encryption=mupdf.PDF_ENCRYPT_AES_256,
        user_pw="sesame",
        owner_pw="owner",
    )
    index = ("index", "secret.pdf", "--model", "ragsight-demo")
    done = shell.run(*index)
    assert done.returncode == 2
    assert "password" in in_one_line(done)
    report = shell.json(*index, "--page-images", "all", RAGSIGHT_PASSWORD="sesame")
    assert report["chunks"] == 2
    assert shell.json("info")["images"] == 1


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--page-images", "some", "choose one of auto, all, none"),
        ("--ocr", "xyz", "no data for xyz"),
    ],
)
def test_an_option_that_makes_no_sense_leaves_no_index_behind(
    tmp_path: Path, option: str, value: str, told: str
) -> None:
    shell = Shell(tmp_path)
    shutil.copy(handbook(), tmp_path / "handbook.pdf")
    environment = {}
    if option == "--ocr":
        (tmp_path / "tessdata").mkdir()
        environment["TESSDATA_PREFIX"] = str(tmp_path / "tessdata")
    done = shell.run("index", "handbook.pdf", option, value, **environment)
    assert done.returncode == 2
    assert told in in_one_line(done)
    assert not (tmp_path / ".ragsight").exists()


LABELLED = [
    {"query": "Which planet has the lowest density?", "relevant": ["handbook.pdf#page=3"]},
    {"query": "bar chart of planet radii", "relevant": {"handbook.pdf#Figure 3": 2}},
    {"query": "a blue mug", "relevant": ["blue_mug.png"], "filter": {"kind": "image"}},
]
QUESTIONS = "".join(f"{json.dumps(query)}\n" for query in LABELLED)


def test_an_index_is_measured_saved_drawn_and_compared(indexed, tmp_path: Path) -> None:
    shell, _ = indexed
    questions, saved = tmp_path / "questions.jsonl", tmp_path / "scores.json"
    questions.write_text(QUESTIONS, encoding="utf-8")
    done = shell.run("eval", questions, "--save", saved, "--plot", tmp_path / "scores.png")
    assert done.returncode == 0, done.stderr
    assert "3 queries" in done.stdout
    assert "nDCG, fused minus bm25" in done.stdout
    assert (tmp_path / "scores.png").stat().st_size > 0
    again = shell.json("eval", questions, "--baseline", saved)
    assert [run["name"] for run in again["runs"]] == ["fused", "bm25", "text_to_image"]
    assert again["runs"][0]["mean"]["recall"] == 1
    assert again["differences"]["before"]["mean"] == 0


def test_a_label_that_cannot_be_read_is_named_and_the_rest_is_measured(
    indexed, tmp_path: Path
) -> None:
    shell, _ = indexed
    questions = tmp_path / "questions.jsonl"
    questions.write_text("no json\n" + QUESTIONS, encoding="utf-8")
    done = shell.run("eval", questions)
    assert done.returncode == 1
    assert "questions.jsonl, line 1" in in_one_line(done)
    assert "3 queries" in done.stdout


def test_a_label_that_names_nothing_indexed_is_told(indexed, tmp_path: Path) -> None:
    shell, _ = indexed
    questions = tmp_path / "questions.jsonl"
    slip = {"query": "a blue mug", "relevant": ["handbok.pdf#page=3", "blue_mug.png"]}
    questions.write_text(f"{json.dumps(slip)}\n", encoding="utf-8")
    done = shell.run("eval", questions)
    assert done.returncode == 0
    assert "1 query" in done.stdout
    assert "handbok.pdf#page=3: nothing indexed is called so" in in_one_line(done)
    assert "blue_mug.png:" not in in_one_line(done)


def test_a_baseline_at_another_k_is_refused_with_the_k_to_pass(indexed, tmp_path: Path) -> None:
    shell, _ = indexed
    questions, saved = tmp_path / "questions.jsonl", tmp_path / "scores.json"
    questions.write_text(QUESTIONS, encoding="utf-8")
    shell.run("eval", questions, "--save", saved)
    done = shell.run("eval", questions, "-k", "5", "--baseline", saved)
    assert done.returncode == 2
    assert "Pass -k 10" in in_one_line(done)


def test_judgements_in_the_format_of_trec_are_measured(indexed, tmp_path: Path) -> None:
    shell, _ = indexed
    (tmp_path / "topics.tsv").write_text("1\tbar chart of planet radii\n", encoding="utf-8")
    (tmp_path / "qrels.txt").write_text("1 0 handbook.pdf#page=3 1\n", encoding="utf-8")
    scores = shell.json("eval", tmp_path / "topics.tsv", "--qrels", tmp_path / "qrels.txt")
    assert scores["runs"][0]["mean"]["mrr"] == 1


def test_an_inspection_shows_a_file_without_an_index(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.run("inspect", handbook(), "--pages", "2-4,99", "--limit", "2")
    assert done.returncode == 0, done.stderr
    assert "2 pages: 3 figure, 1 table, 5 text" in done.stdout
    assert "pages not shown: 1" in done.stderr
    html = (tmp_path / "solar-system-handbook.inspect.html").read_text("utf-8")
    assert "Figure 3: Mean radii" in html
    told = shell.json(
        "inspect", handbook(), "--pages", "2", "--html", "x/a.html", "--pdf-backend", "pdfium"
    )
    assert (told["shown"], told["more"], told["kinds"]["figure"]) == (1, 0, 2)
    assert (tmp_path / "x" / "a.html").is_file()
    refused = shell.run("inspect", handbook(), "--pages", "x")
    assert refused.returncode == 2
    assert "1-5,8" in in_one_line(refused)


def test_indexing_again_changes_nothing(indexed) -> None:
    shell, _ = indexed
    before = shell.json("info")
    done = shell.run("index", "files", "--json")
    statuses = [source["status"] for source in json.loads(done.stdout)["sources"]]
    assert sorted(set(statuses)) == ["failed", "unchanged"]
    assert shell.json("info") == before


def test_info_says_what_the_index_holds(indexed) -> None:
    shell, _ = indexed
    info = shell.json("info")
    assert info["profile"]["encoder"]["name"] == "ragsight-demo"
    assert len(info["sources"]) == 6
    assert info["images"] >= 5 + 19
    assert "handbook.pdf" in shell.run("info").stdout


def test_a_search_can_be_written_as_a_gallery(indexed, tmp_path: Path) -> None:
    shell, _ = indexed
    page = tmp_path / "out" / "page.html"
    done = shell.run("search", "moon", "--html", page)
    assert str(page) in done.stderr.replace("\n", "")
    assert "data:image/jpeg;base64," in page.read_text(encoding="utf-8")


def test_asking_without_a_vision_model_shows_evidence_and_how_to_switch_one_on(indexed) -> None:
    shell, _ = indexed
    done = shell.run("ask", "How tall is Olympus Mons?")
    assert done.returncode == 0
    assert "[1] (" in done.stdout
    assert "handbook.pdf, p. 4" in done.stdout
    assert "OPENAI_API_KEY" in in_one_line(done)


def test_asking_without_a_vision_model_writes_the_evidence_as_a_page(
    indexed, tmp_path: Path
) -> None:
    shell, _ = indexed
    page = tmp_path / "evidence.html"
    done = shell.run("ask", "How tall is Olympus Mons?", "--html", page)
    assert "Olympus Mons" in page.read_text(encoding="utf-8")
    assert f"Evidence: {page}" in in_one_line(done)


def test_asking_a_local_server_streams_an_answer_with_its_sources(indexed) -> None:
    shell, _ = indexed
    with FakeOpenAI(reply="It rises 22 kilometres [1].", local=True) as server:
        done = shell.run(
            "ask", "How tall is Olympus Mons?", "--base-url", server.base_url, "--vlm", "llava"
        )
        assert done.returncode == 0, done.stderr
        assert "It rises 22 kilometres [1]." in done.stdout
        assert "[1] " in done.stdout.partition("kilometres [1].")[2]
        assert server.violations == []
        assert "Olympus Mons" in server.requests[0].text


def test_asking_writes_the_answer_as_a_page_and_keeps_what_was_sent(indexed) -> None:
    shell, _ = indexed
    options = ["--max-images", "2", "--max-tokens", "90", "--html", "out/a.html", "--save", "sent"]
    with FakeOpenAI(reply="It is a red sneaker [1].", local=True) as server:
        address = ["--base-url", server.base_url, "--vlm", "llava"]
        options += ["--image", str(Path("files") / "red_sneaker.png")]
        done = shell.run("ask", "a red sneaker", *address, *options, RAGSIGHT_API_KEY="mine")
        assert done.returncode == 0, done.stderr
        [request] = server.requests
    page = (shell.folder / "out" / "a.html").read_text(encoding="utf-8")
    assert "<title>a red sneaker</title>" in page
    assert "It is a red sneaker" in page
    assert str(shell.folder / "out" / "a.html") in in_one_line(done)
    assert len(request.images) <= 2
    assert "[1] (image, question): The image in the question" in request.text
    assert request.body["max_tokens"] == 90
    assert request.headers["authorization"] == "Bearer mine"
    assert (shell.folder / "sent" / "000001" / "request.json").exists()


def test_a_stream_that_breaks_off_shows_what_had_arrived_and_says_so(indexed) -> None:
    shell, _ = indexed
    with FakeOpenAI(reply="It rises 22 kilometres [1].", local=True) as server:
        server.abort_after = 4
        address = ["--base-url", server.base_url, "--vlm", "llava"]
        done = shell.run("ask", "How tall is Olympus Mons?", *address)
    assert "It rises 22" in done.stdout
    assert "broke off the answer" in in_one_line(done)
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["index", "absent"], "absent"),
        (["index", "void"], "nothing to index"),
        (["search", "x", "--index", "nowhere"], "ragsight index PATH"),
        (["info", "--index", "nowhere"], "ragsight index PATH"),
        (["similar", "absent.png"], "absent.png"),
        (["search", "x", "--where", "price is low"], "price is low"),
        (["search", " "], "empty"),
        (["index", "files", "--model", "no/such/folder/here"], "no/such/folder/here"),
        (["index", "files", "--model", "openai/clip-vit-base-patch32"], "clip-vit-base-patch32"),
        (["ask", "x", "--vlm", "parrot"], "parrot"),
        (["ask", "x", "--base-url", "http://127.0.0.1:9/v1"], "--vlm"),
        (["ask", "x", "--detail", "ultra"], "low, high, original"),
        (["ask", "x", "--overflow", "burst"], "map_reduce"),
    ],
)
def test_a_call_that_can_not_work_is_one_line_and_exit_code_two(
    indexed, arguments: list[str], word: str
) -> None:
    shell, _ = indexed
    (shell.folder / "void").mkdir(exist_ok=True)
    done = shell.run(*arguments)
    assert word in in_one_line(done)
    assert done.returncode == 2


def test_an_unknown_model_leaves_no_index_behind(indexed) -> None:
    shell, _ = indexed
    shell.run("index", "files", "--model", "openai/clip-vit-base-patch32", "--index", "new")
    assert not (shell.folder / "new").exists()


def test_a_vision_model_that_can_not_be_reached_is_one_line(indexed) -> None:
    shell, _ = indexed
    done = shell.run("ask", "Mars", "--base-url", "http://127.0.0.1:9/v1", "--vlm", "llava")
    assert "127.0.0.1:9" in in_one_line(done)
    assert done.returncode == 2


def test_an_index_that_is_open_elsewhere_is_one_line(indexed) -> None:
    from ragsight import MultimodalStore

    shell, _ = indexed
    with MultimodalStore.open(shell.folder / ".ragsight"):
        done = shell.run("search", "moon")
    assert "open already" in in_one_line(done)
    assert done.returncode == 2


def test_bad_files_of_every_kind_are_named_and_the_good_one_is_indexed(tmp_path: Path) -> None:
    import pymupdf

    files = tmp_path / "files"
    files.mkdir()
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "Secret words.")
    document.save(
        files / "locked.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="a", owner_pw="b"
    )
    whole = handbook().read_bytes()
    (files / "half.pdf").write_bytes(whole[: len(whole) // 50])
    (files / "page.pdf").write_text("<html>404</html>")
    (files / "words.jpg").write_text("these are words")
    (files / "empty.png").write_bytes(b"")
    (files / "cut.jpg").write_bytes(cut_jpeg())
    (files / "good.md").write_text("# Pumps\nOil the pump.")
    shell = Shell(tmp_path)
    done = shell.run("index", "files", "--model", "ragsight-demo")
    message = in_one_line(done)
    assert done.returncode == 1
    for name in ("locked.pdf", "half.pdf", "page.pdf", "words.jpg", "empty.png", "cut.jpg"):
        assert name in message
    assert "1 indexed, 6 failed" in done.stdout
    assert shell.json("search", "oil")["hits"][0]["chunk"]["text"].endswith("Oil the pump.")


def test_an_index_made_with_another_model_is_left_alone(indexed, clip_folder: Path) -> None:
    shell, _ = indexed
    before = shell.json("info")
    done = shell.run("index", "files", "--model", clip_folder)
    assert "ragsight-demo" in in_one_line(done)
    assert done.returncode == 2
    assert shell.json("info") == before
