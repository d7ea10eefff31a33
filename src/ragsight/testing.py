"""Test doubles for the tests of applications that use ragsight."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from ragsight.answer.model.messages import Completion, StreamEvent, TextDelta, Usage, VisionRequest
from ragsight.answer.model.profile import estimate_text_tokens
from ragsight.answer.model.profiles import LOCAL, ModelLimits
from ragsight.errors import RagsightError

Reply = str | Sequence[str] | Callable[[VisionRequest], str]
"""A text, one text for each request in turn (the last one stays), or a function of the request."""


class FakeVisionBackend:
    """A vision model that replies as told and remembers what it was sent.

    Args:
        reply: What it replies.
        error: Raised instead of a reply: at once by `complete`, after the reply's text in a stream.
        profile: Limits that it pretends to have.

    Attributes:
        requests: Every request, with the images as they were prepared.

    Example:
        >>> from ragsight import Chunk, Source, VisionSynthesizer
        >>> backend = FakeVisionBackend(reply="It is red [1].")
        >>> chunk = Chunk(text="A red mug.", source=Source(uri="catalogue.csv"))
        >>> VisionSynthesizer(backend).answer("What colour?", [chunk]).text
        'It is red [1].'
        >>> "A red mug." in backend.requests[0].text
        True
    """

    def __init__(
        self,
        reply: Reply = "The sources say so [1].",
        *,
        error: RagsightError | None = None,
        profile: ModelLimits = LOCAL,
    ) -> None:
        self.name = "fake"
        self.model = "fake-vision"
        self.profile = profile
        self.requests: list[VisionRequest] = []
        self._reply = reply
        self._error = error

    def complete(self, request: VisionRequest) -> Completion:
        """Reply as told."""
        completion = self._completion(request)
        if self._error is not None:
            raise self._error
        return completion

    async def acomplete(self, request: VisionRequest) -> Completion:
        """Reply as told."""
        return self.complete(request)

    def stream(self, request: VisionRequest) -> Iterator[StreamEvent]:
        """Reply as told, word by word."""
        completion = self._completion(request)
        for piece in re.findall(r"\s*\S+|\s+", completion.text):
            yield TextDelta(piece)
        if self._error is not None:
            raise self._error
        yield completion

    async def astream(self, request: VisionRequest) -> AsyncIterator[StreamEvent]:
        """Reply as told, word by word."""
        for event in self.stream(request):
            yield event

    def _completion(self, request: VisionRequest) -> Completion:
        self.requests.append(request)
        if callable(self._reply):
            text = self._reply(request)
        elif isinstance(self._reply, str):
            text = self._reply
        else:
            text = self._reply[min(len(self.requests), len(self._reply)) - 1]
        usage = Usage(
            input_tokens=estimate_text_tokens(request.system + request.text),
            output_tokens=estimate_text_tokens(text),
        )
        return Completion(text=text, model=self.model, usage=usage, request_id="fake-request")
