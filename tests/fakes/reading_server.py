"""A vision server that answers by reading the pixels it was sent, with tesseract."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from fakes.openai_server import FakeOpenAI
from fakes.recorded import RecordedImage, RecordedRequest

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="needs tesseract (Debian: tesseract-ocr)"
)


def read_words(image: RecordedImage) -> str:
    """What stands in an image as it arrived; a rotation tag is ignored, as models ignore it."""
    command = ["tesseract", "stdin", "stdout", "--psm", "6", "-l", "eng"]
    done = subprocess.run(command, input=image.data, capture_output=True, check=True, timeout=60)
    return " ".join(done.stdout.decode().split())


class ReadingServer(FakeOpenAI):
    """OpenAI's API before a model that reads aloud what stands in each image.

    Args:
        cite: What to write after the words of the image of number n.

    Example:
        >>> with ReadingServer() as server:
        ...     server.base_url.endswith("/v1")
        True
    """

    def __init__(self, cite: str = " [{n}]") -> None:
        super().__init__(self._read)
        self._cite = cite

    def _read(self, request: RecordedRequest) -> str:
        read = (read_words(image) for image in request.images)
        return "\n\n".join(words + self._cite.format(n=n) for n, words in enumerate(read, start=1))
