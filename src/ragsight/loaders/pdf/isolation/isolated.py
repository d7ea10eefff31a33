"""A page source in a process of its own, which can be stopped and started again."""

from __future__ import annotations

import queue
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from PIL import Image

from ragsight.chunks import BBox
from ragsight.errors import DocumentError, RagsightError
from ragsight.loaders.pdf.backends.registry import BackendName
from ragsight.loaders.pdf.isolation.frames import read_frame, write_frame
from ragsight.loaders.pdf.page.page import Drawing, Line, Page
from ragsight.processes import python_command

_START_LIMIT = 60.0
"""Seconds that opening a file may take unless told otherwise; with less, slow machines refuse good
files, with more, a file that hangs the library holds things up."""

_WORKER = "ragsight.loaders.pdf.isolation.worker"


class PageTimeoutError(DocumentError):
    """A page took longer than it may."""


class IsolatedPdf:
    """A `PageSource` whose library runs in another process.

    A request that takes too long, or that crashes the process, costs its page only: the process is
    ended, and another one started for the next request. It needs no `if __name__ == "__main__"` in
    the user's script, since it doesn't run that script. It protects from files that hang or crash
    the library; it is no sandbox against files that take the library over.

    Args:
        source: A path, or the file's bytes.
        name: How to name it in messages.
        password: Opens an encrypted file.
        backend: The library that reads it.
        timeout: Seconds that opening may take, and each later request until `timeout` is set to
            something else; None for no limit.

    Raises:
        DocumentError: As `MuPdfFile` does, or if opening takes too long.

    Example:
        >>> source = IsolatedPdf(Path("manual.pdf"), "manual.pdf")  # doctest: +SKIP
        >>> source.page(1).lines[0].text  # doctest: +SKIP
    """

    def __init__(
        self,
        source: Path | bytes,
        name: str,
        password: str | None = None,
        backend: BackendName = "pymupdf",
        timeout: float | None = _START_LIMIT,
    ) -> None:
        self.name = name
        self.timeout = timeout
        self._opening = (source, name, password, backend, timeout)
        self._opening_timeout = timeout
        self._worker: _Worker | None = None
        self.page_count, self.repaired = self._start()

    def prepare(self) -> None:
        """Start the process again, if it was stopped.

        Raises:
            DocumentError: If it can't open the file any more.
        """
        if self._worker is None:
            self._start()

    def _start(self) -> tuple[int, bool]:
        self._worker = _Worker()
        try:
            reply = self._reply(self._opening, "opening the file", self._opening_timeout)
        except RagsightError:
            self.close()
            raise
        return cast("tuple[int, bool]", reply)

    def outline(self) -> list[tuple[int, str, int]]:
        """The bookmarks; empty where they can't be read."""
        try:
            return cast("list[tuple[int, str, int]]", self._general("outline"))
        except DocumentError:
            return []

    def page(self, number: int) -> Page:
        """A page's lines of text and its pictures; see `PageSource`."""
        return cast("Page", self._call(f"reading page {number}", "page", number))

    def drawings(self, number: int) -> tuple[Drawing, ...]:
        """A page's painted paths; see `PageSource`."""
        what = f"reading the drawings of page {number}"
        return cast("tuple[Drawing, ...]", self._call(what, "drawings", number))

    def words(self, number: int) -> tuple[Line, ...]:
        """A page's words one by one; see `PageSource`."""
        what = f"reading the words of page {number}"
        return cast("tuple[Line, ...]", self._call(what, "words", number))

    def render(self, number: int, box: BBox, *, max_side: int, max_dpi: int) -> Image.Image:
        """Paint a region; see `PageSource`."""
        what = f"painting a region of page {number}"
        sizes = {"max_side": max_side, "max_dpi": max_dpi}
        return cast("Image.Image", self._call(what, "render", number, box, **sizes))

    def trim_memory(self) -> None:
        """Empty the library's caches."""
        with suppress(DocumentError):
            # A process that can't even do this is replaced for the next page.
            self._general("trim_memory")

    def close(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def _general(self, call: str) -> Any:
        self.prepare()
        limit = self._opening_timeout
        return self._reply((call, (), {}, limit), f"the call of {call}", limit)

    def _call(self, what: str, call: str, *arguments: Any, **options: Any) -> Any:
        self.prepare()
        return self._reply((call, arguments, options, self.timeout), what, self.timeout)

    def _reply(self, request: Any, what: str, timeout: float | None) -> Any:
        worker = self._worker
        assert worker is not None
        try:
            reply = worker.ask(request, timeout)
        except TimeoutError as error:
            self.close()
            raise PageTimeoutError(
                f"{self.name}: {what} took longer than {timeout:g} seconds and was stopped; the "
                "file is made to be slow, or this machine is busy."
            ) from error
        except (EOFError, OSError) as error:
            self.close()
            raise DocumentError(
                f"{self.name}: {what} ended the process that read the file; it is damaged, or "
                "needs more memory than there is."
            ) from error
        except BaseException:
            # Interrupted in between, the pipe would give the next request this one's answer.
            self.close()
            raise
        if isinstance(reply, RagsightError):
            raise reply
        return reply


class _Worker:
    """The process, and the thread that waits for what it says."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            python_command(_WORKER),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._replies: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def ask(self, request: Any, timeout: float | None) -> Any:
        """Send a request and wait for the answer.

        Raises:
            TimeoutError: If there is none in time.
            EOFError: If the process has ended.
        """
        assert self._process.stdin is not None
        write_frame(self._process.stdin, request)
        try:
            reply = self._replies.get(timeout=timeout)
        except queue.Empty as error:
            raise TimeoutError from error
        if isinstance(reply, EOFError):
            raise reply
        return reply

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while True:
            try:
                self._replies.put(read_frame(self._process.stdout))
            except (EOFError, OSError, ValueError):
                self._replies.put(EOFError())
                return

    def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                # What is still in the buffer has no reader any more.
                with suppress(OSError):
                    stream.close()
