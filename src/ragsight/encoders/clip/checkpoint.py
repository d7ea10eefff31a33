"""Find and load the parts of a checkpoint, with errors that say what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from ragsight.encoders.clip.fingerprints import folder_digest
from ragsight.errors import (
    EncoderError,
    MissingExtraError,
    ModelNotFoundError,
    ModelUnavailableError,
)
from ragsight.files import read_regular

DEFAULT_MODEL = "openai/clip-vit-base-patch32"
"""The checkpoint most CLIP users have: 512 dimensions, 224 pixels, 600 MB."""

DEMO_MODEL = "ragsight-demo"
"""The small checkpoint inside this package: works offline, knows drawings only."""

CONFIG = "config.json"

_NOT_FOR_VECTORS = ("logit_scale", "logit_bias", "position_ids")
"""Weights whose absence changes no vector."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint by name.

    Attributes:
        model: Name on the hub, a local folder, or `DEMO_MODEL`.
        revision: Commit, tag or branch on the hub.
        local_files_only: Never ask the hub.

    Example:
        >>> Checkpoint(DEMO_MODEL).dimension()
        96
    """

    model: str
    revision: str | None = None
    local_files_only: bool = False

    @property
    def location(self) -> str:
        """What transformers is given: a hub name or a folder."""
        if self.model == DEMO_MODEL:
            return str(files("ragsight") / "demo" / "clip")
        return self.model

    @property
    def folder(self) -> Path | None:
        """The local folder; None for a checkpoint on the hub."""
        path = Path(self.location)
        return path if path.is_dir() else None

    def file(self, name: str) -> Path | None:
        """Find one file of the checkpoint, without transformers.

        Returns:
            Its path, downloaded if need be. None if it isn't there or can't be had; what loads
            the checkpoint as a whole then says why.

        Raises:
            ModelUnavailableError: If it is the configuration, the hub can't be reached and nothing
                is cached.
        """
        if self.folder is not None:
            path = self.folder / name
            return path if path.is_file() else None
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

        try:
            found = hf_hub_download(
                self.location,
                name,
                revision=self.revision,
                local_files_only=self.local_files_only,
            )
        except LocalEntryNotFoundError as error:
            if name == CONFIG:
                # Every checkpoint has one: to ask for the rest is to wait for nothing.
                raise self._unavailable() from error
            return None
        except (OSError, ValueError, EntryNotFoundError):
            return None
        return Path(found)

    def read_json(self, name: str) -> dict[str, Any]:
        """Read a JSON object of the checkpoint; empty where there is none."""
        path = self.file(name)
        return _read_json(path) if path is not None else {}

    def identity(self) -> dict[str, str]:
        """What tells this checkpoint from others, without loading its weights.

        A folder is told by its content, so that moving it changes nothing and training it further
        does; a checkpoint on the hub by its name and commit.
        """
        if self.folder is not None:
            return {"content": folder_digest(self.folder)}
        config = self.file(CONFIG)
        # The hub's cache keeps each commit in a folder of that name.
        commit = config.parent.name if config is not None else self.revision
        return {"model": self.model, "revision": commit if commit is not None else "main"}

    def dimension(self) -> int:
        """Length of the vectors, from the configuration."""
        # Most checkpoints say it outright, and importing transformers takes seconds.
        stated = self.read_json(CONFIG).get("projection_dim")
        if isinstance(stated, int):
            return stated
        config = self.load_config()
        vision = getattr(config, "vision_config", None)
        for owner, name in ((config, "projection_dim"), (vision, "hidden_size")):
            if isinstance(value := getattr(owner, name, None), int):
                return value
        raise EncoderError(
            f"{self.model} is a {config.model_type} model, which has no shared space for images "
            "and texts. Use a CLIP-family checkpoint."
        )

    def load_config(self) -> Any:
        """Load the configuration as transformers understands it."""
        from transformers import AutoConfig

        return self._load(AutoConfig.from_pretrained)

    def load_model(self) -> Any:
        """Load the weights, in float32."""
        import torch
        from transformers import AutoModel

        with no_weights_bar():
            model, report = self._load(
                AutoModel.from_pretrained, dtype=torch.float32, output_loading_info=True
            )
        if not (hasattr(model, "get_image_features") and hasattr(model, "get_text_features")):
            raise EncoderError(
                f"{self.model} is a {type(model).__name__}, which encodes either images or texts "
                "but not both. Use a CLIP-family checkpoint."
            )
        self._check_complete(report)
        return model

    def load_image_processor(self) -> Any:
        """Load the image preprocessing: the Pillow one, so that torchvision isn't needed."""
        from transformers import AutoImageProcessor

        return self._load(AutoImageProcessor.from_pretrained, backend="pil")

    def load_tokenizer(self) -> Any:
        """Load the tokenizer."""
        from transformers import AutoTokenizer

        try:
            return self._load(AutoTokenizer.from_pretrained)
        except ImportError as error:
            # SigLIP's first tokenizer is the one that transformers doesn't build on `tokenizers`.
            raise MissingExtraError(
                f"{self.model}: its tokenizer needs a package that is not installed "
                f"({_first_line(error)}). Run: pip install sentencepiece protobuf"
            ) from error

    def _check_complete(self, report: Mapping[str, Iterable[str]]) -> None:
        # transformers fills missing weights with random numbers, and only logs that it did.
        missing = sorted(
            name for name in report["missing_keys"] if not name.endswith(_NOT_FOR_VECTORS)
        )
        if missing:
            raise EncoderError(
                f"{self.model}: {len(missing)} of the model's weights are not in the checkpoint, "
                f"{missing[0]} among them. Its vectors would be random: use a checkpoint with "
                "both towers, or download it again."
            )

    def _load(self, from_pretrained: Callable[..., Any], **options: Any) -> Any:
        with self._clear_errors():
            return from_pretrained(
                self.location,
                revision=self.revision if self.revision is not None else "main",
                local_files_only=self.local_files_only,
                **options,
            )

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        from huggingface_hub import errors as hub
        from safetensors import SafetensorError

        damage = (SafetensorError, UnpicklingError, EOFError)
        try:
            yield
        except (OSError, ValueError, KeyError, RuntimeError, *damage) as error:
            causes = tuple(_chain(error))
            if any(isinstance(cause, hub.GatedRepoError) for cause in causes):
                raise self._not_found(
                    "its owner asks for a login (accept the terms on its page, then log in with "
                    "`hf auth login`)"
                ) from error
            if any(isinstance(cause, hub.RepositoryNotFoundError) for cause in causes):
                raise self._not_found("the model hub has no such model") from error
            if any(isinstance(cause, hub.RevisionNotFoundError) for cause in causes):
                raise self._not_found(f"it has no revision {self.revision!r}") from error
            if any(isinstance(cause, hub.LocalEntryNotFoundError) for cause in causes):
                raise self._unavailable() from error
            if any(isinstance(cause, hub.HFValidationError) for cause in causes):
                raise self._not_found("there is no such folder") from error
            raise EncoderError(
                f"{self.model}: the checkpoint can't be loaded ({_first_line(error)}). "
                "Check that the folder is complete, or download it again."
            ) from error

    def _not_found(self, reason: str) -> ModelNotFoundError:
        return ModelNotFoundError(
            f"{self.model}: {reason}. Give a name "
            f"from the model hub such as {DEFAULT_MODEL}, or the path of a folder."
        )

    def _unavailable(self) -> ModelUnavailableError:
        return ModelUnavailableError(
            f"{self.model}: the model hub can't be reached and the model isn't in the cache. "
            "Connect to the internet, give the path of a downloaded checkpoint, or try the "
            f"built-in demo model ({DEMO_MODEL!r}, which knows drawings only)."
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_regular(path))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


@contextmanager
def no_weights_bar() -> Iterator[None]:
    """Hide transformers' bar for reading weights, which takes a second; downloads keep theirs."""
    from transformers.utils import logging

    if not logging.is_progress_bar_enabled():
        yield
        return
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ if error.__cause__ is not None else error.__context__


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
