"""Every exception that ragsight raises on purpose, in one tree.

```
RagsightError
├── InputError                  a file, image or row that can't be used
│   ├── SourceNotFoundError     nothing at that path (also a FileNotFoundError)
│   ├── UnsupportedFormatError  no loader for this kind of file
│   ├── ImageError              an image that can't be opened or is unsafe to open
│   │   ├── ImageTooLargeError      it has more pixels than are decoded
│   │   └── MissingDecoderError     its format's decoder isn't installed (also a MissingExtraError)
│   ├── DocumentError           a document that can't be read
│   │   ├── EmptyDocumentError      it opens, but holds nothing
│   │   ├── PasswordRequiredError   it is encrypted and no password was given
│   │   ├── WrongPasswordError      it is encrypted and the password is wrong
│   │   └── RenderError             its pages or slides can't be painted or converted
│   ├── CatalogError            a catalogue with no usable columns, or a bad row
│   └── MetadataError           metadata, an id or a place that no index can keep
├── EncoderError                a model that can't be loaded or used
│   ├── ModelNotFoundError      no such model or local path
│   └── ModelUnavailableError   the model hub can't be reached and nothing is cached
├── StoreError                  the vector store refused or failed
│   ├── StoreNotFoundError      there is no index at that place
│   ├── StoreLockedError        another process has the index open
│   └── EncoderMismatchError    the index was made with another encoder or dimension
├── QueryError                  a query, filter or weight that makes no sense
├── AnswerError                 the answer step failed
│   ├── BackendError            the model provider refused or could not be reached
│   └── StreamInterruptedError  a streamed answer broke off; carries the partial text
├── ConfigurationError          options that contradict each other
└── MissingExtraError           an optional package isn't installed (also an ImportError)
```

Catch `RagsightError` to catch them all. Each message says what happened, to which file or point,
and what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class RagsightError(Exception):
    """Base of all errors that ragsight raises on purpose.

    Example:
        >>> from ragsight import load
        >>> try:
        ...     list(load("absent.pdf"))
        ... except RagsightError as error:
        ...     print(error)
        absent.pdf: there is no such file or folder. Check the path.
    """


class InputError(RagsightError):
    """A file, image or row that can't be used."""


class SourceNotFoundError(InputError, FileNotFoundError):
    """There is nothing at the path that was given."""


class UnsupportedFormatError(InputError):
    """No loader knows this kind of file."""


class ImageError(InputError):
    """An image that can't be opened, or is unsafe to open."""


class ImageTooLargeError(ImageError):
    """An image with more pixels than are decoded."""


class DocumentError(InputError):
    """A document that can't be read."""


class EmptyDocumentError(DocumentError):
    """The document opens, but holds no pages."""


class PasswordRequiredError(DocumentError):
    """The document is encrypted and no password was given."""


class WrongPasswordError(DocumentError):
    """The document is encrypted and the password given doesn't open it."""


class RenderError(DocumentError):
    """The document's pages or slides can't be painted, or it can't be converted."""


class CatalogError(InputError):
    """A catalogue without usable columns, or one bad row of it."""


class MetadataError(InputError):
    """Metadata of a chunk, its id or its place, that no index can keep."""


class EncoderError(RagsightError):
    """A model that can't be loaded or used."""


class ModelNotFoundError(EncoderError):
    """No model has this name, or there is none at this path."""


class ModelUnavailableError(EncoderError):
    """The model hub can't be reached and the model isn't cached."""


class StoreError(RagsightError):
    """The vector store refused or failed."""


class StoreNotFoundError(StoreError):
    """There is no index at the place that was given."""


class StoreLockedError(StoreError):
    """Another process, or another object in this one, has the index open."""


class EncoderMismatchError(StoreError):
    """The index was made with another encoder, or vectors of another dimension."""


class QueryError(RagsightError):
    """A query, filter or weight that makes no sense."""


class AnswerError(RagsightError):
    """The answer step failed."""


class BackendError(AnswerError):
    """The model provider refused the request or could not be reached.

    Attributes:
        status: HTTP status, where there was one.
        request_id: The provider's id of the request, where it gave one.
    """

    def __init__(
        self, message: str, *, status: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id


class StreamInterruptedError(AnswerError):
    """A streamed answer broke off.

    Attributes:
        partial: The text that had arrived.
    """

    def __init__(self, message: str, *, partial: str = "") -> None:
        super().__init__(message)
        self.partial = partial


class ConfigurationError(RagsightError):
    """Options that contradict each other or lack something."""


class MissingExtraError(RagsightError, ImportError):
    """An optional package isn't installed."""


class MissingDecoderError(ImageError, MissingExtraError):
    """An image in a format whose decoder is an optional package that isn't installed.

    It costs that image only, as any other image that can't be opened.
    """


ErrorHandler = Callable[[RagsightError], None]
"""Called with a problem that costs one item only; it may raise to stop the run."""


def raise_error(error: RagsightError) -> None:
    """Stop at the first problem: the handler that loaders use unless told otherwise."""
    raise error


@contextmanager
def extra(name: str, module: str) -> Iterator[None]:
    """Turn a missing optional package into a sentence with the line that installs it.

    Args:
        name: The extra of the `ragsight` distribution, such as `openai`.
        module: The top-level module that the extra provides.

    Raises:
        MissingExtraError: If exactly that module is missing. A deeper import failure passes
            through, since installing the extra would not mend it.

    Example:
        >>> with extra("openai", "openai"):
        ...     import openai  # doctest: +SKIP
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module:
            raise
        raise MissingExtraError(
            f"The package {module!r} is not installed. Run: pip install 'ragsight[{name}]'",
            name=error.name,
        ) from error
