"""Keep what was sent to a model, to look into it later."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

from ragsight.answer.model.messages import ImagePart, VisionRequest
from ragsight.errors import AnswerError


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """A request on its way to a model.

    Attributes:
        provider: The backend's name.
        model: The model's name.
        request: What it gets.
    """

    provider: str
    model: str
    request: VisionRequest

    def to_dict(self) -> dict[str, Any]:
        """The request as JSON-ready values; each image as its number, type, size and file name."""
        images = iter(range(1, len(self.request.parts) + 1))
        return {
            "provider": self.provider,
            "model": self.model,
            "system": self.request.system,
            "detail": self.request.detail,
            "parts": [
                _image(part, next(images)) if isinstance(part, ImagePart) else {"text": part.text}
                for part in self.request.parts
            ],
        }


RequestHook: TypeAlias = Callable[[SentRequest], None]
"""Called with each request right before it is sent; what it raises ends the answer. Where there is
an event loop it is called in a thread, so that it may write files."""


class RequestSaver:
    """A hook that saves each request in a folder of its own: `request.json` and its images.

    The files hold what the sources hold; keep them where those may be kept. No name in the folder
    is taken from a source.

    Args:
        folder: Where to; it is made.

    Raises:
        AnswerError: If the files can't be written.

    Example:
        >>> import tempfile
        >>> from ragsight import VisionSynthesizer
        >>> from ragsight.testing import FakeVisionBackend
        >>> saver = RequestSaver(tempfile.mkdtemp())
        >>> synthesizer = VisionSynthesizer(FakeVisionBackend(), on_request=saver)
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._numbers = count(1)

    def __call__(self, sent: SentRequest) -> None:
        """Save a request."""
        try:
            self._save(sent)
        except OSError as error:
            raise AnswerError(
                f"{self.folder}: the request can't be saved ({error}). Choose another folder."
            ) from error

    def _save(self, sent: SentRequest) -> None:
        target = self._new_folder()
        text = json.dumps(sent.to_dict(), ensure_ascii=False, indent=2)
        (target / "request.json").write_text(text, encoding="utf-8")
        images = (part for part in sent.request.parts if isinstance(part, ImagePart))
        for index, part in enumerate(images, start=1):
            (target / _name(part, index)).write_bytes(part.image.data)

    def _new_folder(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in self._numbers:
            target = self.folder / f"{number:06d}"
            try:
                target.mkdir()
            except FileExistsError:
                continue  # an earlier run's
            return target
        raise AnswerError(f"{self.folder}: there is no free name left.")


def _image(part: ImagePart, index: int) -> dict[str, Any]:
    return {
        "image": _name(part, index),
        "n": part.n,
        "mime": part.image.mime,
        "width": part.image.width,
        "height": part.image.height,
    }


def _name(part: ImagePart, index: int) -> str:
    return f"image-{index:03d}.{part.image.mime.rpartition('/')[2]}"
