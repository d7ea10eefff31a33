from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pdfs import chart, for_each_backend, line, mupdf, paragraph, save_pdf, slow_page
from ragsight.errors import (
    ConfigurationError,
    DocumentError,
    PasswordRequiredError,
    RagsightError,
    WrongPasswordError,
)
from ragsight.loaders.pdf import PdfLoader
from ragsight.loaders.pdf.backends.mupdf.source import MuPdfFile
from ragsight.loaders.pdf.backends.registry import BackendName
from ragsight.loaders.pdf.isolation.isolated import IsolatedPdf, PageTimeoutError
from ragsight.loaders.pdf.isolation.limited import LimitedSource

backend = for_each_backend(globals())


def _manual(path: Path, pages: int = 3) -> Path:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200), f"Sheet {page.number + 1}. See Figure 1.")
        chart(page, (150, 250, 450, 400))
        line(page, (200, 435), "Figure 1: Water lifted on three days.")

    return save_pdf(path, draw, pages=pages)


def _slow_in_the_middle() -> bytes:
    document = mupdf.open()
    for number in range(3):
        page = document.new_page()
        page.insert_text((72, 172), f"The words of sheet {number + 1} are read without trouble.")
        if number == 1:
            slow_page(page)
    return bytes(document.tobytes(deflate=True))


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The worker processes as they are started."""
    started: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    return started


def test_a_worker_process_gives_the_very_same_chunks(tmp_path: Path) -> None:
    path = _manual(tmp_path / "a.pdf")
    assert PdfLoader(path, isolate=True).load() == PdfLoader(path).load()


def test_a_file_in_memory_is_read_by_the_worker_too(tmp_path: Path) -> None:
    data = _manual(tmp_path / "a.pdf").read_bytes()
    assert PdfLoader(data, isolate=True).load() == PdfLoader(data).load()


def test_no_process_is_left_behind(tmp_path: Path, workers: list[subprocess.Popen[bytes]]) -> None:
    chunks = PdfLoader(_manual(tmp_path / "a.pdf"), isolate=True).lazy_load()
    next(chunks)
    assert [worker.poll() for worker in workers] == [None]
    chunks.close()  # type: ignore[attr-defined]
    assert workers[0].returncode is not None


def test_a_page_that_takes_too_long_is_stopped_and_the_others_are_loaded(
    workers: list[subprocess.Popen[bytes]],
) -> None:
    problems: list[RagsightError] = []
    loader = PdfLoader(
        _slow_in_the_middle(), isolate=True, page_timeout=2.0, on_error=problems.append
    )
    assert {chunk.source.page for chunk in loader.load()} >= {1, 3}
    assert [type(problem) for problem in problems] == [PageTimeoutError]
    assert "page 2 took longer than 2 seconds" in str(problems[0])
    assert len(workers) == 2
    assert all(worker.returncode is not None for worker in workers)


def test_a_worker_that_dies_costs_its_page_only(
    tmp_path: Path, workers: list[subprocess.Popen[bytes]], backend: BackendName
) -> None:
    source = IsolatedPdf(_manual(tmp_path / "a.pdf"), "a.pdf", backend=backend)
    try:
        workers[0].kill()
        workers[0].wait()
        with pytest.raises(DocumentError, match="page 2"):
            source.page(2)
        assert source.page(3).number == 3
    finally:
        source.close()


def test_what_is_wrong_with_a_file_is_the_same_from_the_worker(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no PDF"):
        PdfLoader(b"words " * 300, isolate=True).load()
    path = save_pdf(
        tmp_path / "a.pdf",
        lambda page: paragraph(page, (60, 60, 530, 400)),
        encryption=mupdf.PDF_ENCRYPT_AES_256,
        user_pw="sesame",
        owner_pw="owner",
    )
    with pytest.raises(PasswordRequiredError):
        PdfLoader(path, isolate=True).load()
    with pytest.raises(WrongPasswordError):
        PdfLoader(path, password="guess", isolate=True).load()
    assert PdfLoader(path, password="sesame", isolate=True).load()


def test_a_script_without_a_main_guard_may_isolate(tmp_path: Path) -> None:
    path = _manual(tmp_path / "a.pdf", pages=1)
    script = tmp_path / "script.py"
    script.write_text(
        "from ragsight.loaders.pdf import PdfLoader\n"
        f"print(len(PdfLoader({str(path)!r}, isolate=True).load()))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "2"
    assert done.stderr == ""


def test_nothing_is_printed_by_the_worker(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = _manual(tmp_path / "a.pdf").read_bytes()
    with pytest.raises(DocumentError):
        PdfLoader(b"%PDF-1.7\n" + b"junk" * 500, isolate=True).load()
    PdfLoader(data[: data.rindex(b"startxref")], isolate=True).load()
    assert capfd.readouterr() == ("", "")


class _Slow(MuPdfFile):
    """A source whose clock the test holds: each step takes as long as it says."""

    def __init__(self, path: Path, steps: list[str]) -> None:
        super().__init__(path, path.name)
        self.steps = steps

    def page(self, number: int) -> Any:
        self.steps.append(f"page {number}")
        return super().page(number)


def test_without_a_worker_later_steps_of_a_slow_page_are_refused(tmp_path: Path) -> None:
    steps: list[str] = []
    source = LimitedSource(_Slow(_manual(tmp_path / "a.pdf"), steps), timeout=1e-9)
    source.page(1)
    with pytest.raises(PageTimeoutError, match="page 1 took longer"):
        source.drawings(1)
    with pytest.raises(PageTimeoutError, match="page 1 took longer"):
        source.page(1)
    assert source.page(2).number == 2
    assert steps == ["page 1", "page 2"]
    source.close()


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan")])
def test_a_time_limit_must_be_above_zero(tmp_path: Path, timeout: float) -> None:
    with pytest.raises(ConfigurationError, match="page_timeout"):
        PdfLoader(_manual(tmp_path / "a.pdf"), page_timeout=timeout)


def test_no_limit_is_no_limit(tmp_path: Path) -> None:
    assert PdfLoader(_manual(tmp_path / "a.pdf"), page_timeout=None, isolate=True).load()
