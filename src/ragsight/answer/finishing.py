"""Turn a model's reply into an answer, whole or piece by piece, with the same result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ragsight.answer.citations import Marker, Span, find_markers
from ragsight.answer.neutral import SENTINEL
from ragsight.answer.planning import RequestPlan
from ragsight.answer.request import Completion, StreamEvent, TextDelta
from ragsight.answer.result import Answer, Citation
from ragsight.chunks import Chunk
from ragsight.errors import StreamInterruptedError

_URL = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]]+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]")
_AFTER_SENTINEL = " \t\r\n.,:;-*"

_ENDINGS = {
    "length": "The answer was cut off at the limit of output tokens; raise max_output_tokens.",
    "refusal": "The model declined to answer.",
    "content_filter": "The provider's content filter stopped the answer.",
}


class SentinelFilter:
    """Take the abstention sentinel out of a text that may arrive in pieces.

    What comes out doesn't depend on where the text was cut: a piece that may be the beginning of
    the sentinel waits, and so does everything before the first word, so that the full stop of
    `NO_ANSWER.` is not shown.

    Attributes:
        found: Whether the sentinel was there.

    Example:
        >>> sieve = SentinelFilter()
        >>> sieve.feed("NO_AN") + sieve.feed("SWER.") + sieve.close(), sieve.found
        ('', True)
    """

    def __init__(self) -> None:
        self.found = False
        self._held = ""
        self._in_words = False
        self._leads = False

    def feed(self, piece: str) -> str:
        """Take a piece in and return what can be shown."""
        text = self._held + piece
        while SENTINEL in text:
            before, _, after = text.partition(SENTINEL)
            self.found = True
            self._leads = self._leads or not (self._in_words or _WORD.search(before))
            text = before + after
        keep = next(n for n in range(len(SENTINEL) - 1, -1, -1) if text.endswith(SENTINEL[:n]))
        ready = text[: len(text) - keep]
        if not self._in_words and not _WORD.search(ready):
            self._held = text
            return ""
        if self._leads and not self._in_words:
            ready = ready.lstrip(_AFTER_SENTINEL)
        self._in_words = True
        self._held = text[len(text) - keep :]
        return ready

    def close(self) -> str:
        """Return what was held back."""
        rest, self._held = self._held, ""
        if self._in_words or not self.found:
            return rest
        return rest.lstrip(_AFTER_SENTINEL) if _WORD.search(rest) else ""


class AnswerAssembler:
    """Build an answer from a stream's events; knows nothing of networks or event loops.

    Attributes:
        answer: The answer, once `close` was called.
    """

    def __init__(self, plan: RequestPlan) -> None:
        self.answer: Answer | None = None
        self._plan = plan
        self._filter = SentinelFilter()
        self._shown: list[str] = []
        self._received: list[str] = []
        self._completion: Completion | None = None

    def feed(self, event: StreamEvent) -> str:
        """Take an event in and return the text to show now."""
        if isinstance(event, Completion):
            self._completion = event
            return ""
        self._received.append(event.text)
        return self._show(self._filter.feed(event.text))

    def close(self) -> str:
        """End the stream, make the answer, and return the last of its text.

        Raises:
            StreamInterruptedError: If the stream ended without its completion.
        """
        if self._plan.request is None:
            self.answer = nothing_found(self._plan)
            return self.answer.text
        if self._completion is None:
            raise StreamInterruptedError(
                "The stream ended before the answer did. Ask again.",
                partial="".join(self._received),
            )
        rest = self._show(self._filter.close())
        text = "".join(self._shown)
        if self._filter.found and not text:
            rest = text = self._plan.nothing_found
        self.answer = _answer(self._plan, text, self._completion, abstained=self._filter.found)
        return rest

    def _show(self, text: str) -> str:
        if text:
            self._shown.append(text)
        return text


def finish_answer(plan: RequestPlan, completion: Completion) -> Answer:
    """Turn a whole reply into an answer.

    Args:
        plan: What was asked.
        completion: What the model replied.

    Returns:
        The answer, its citations mapped back to the plan's chunks.
    """
    assembler = AnswerAssembler(plan)
    assembler.feed(TextDelta(completion.text))
    assembler.feed(completion)
    assembler.close()
    return assembler.answer if assembler.answer is not None else nothing_found(plan)


def nothing_found(plan: RequestPlan) -> Answer:
    """The answer where there is nothing to answer from; no model is asked."""
    return Answer(
        text=plan.nothing_found,
        abstained=True,
        dropped=plan.dropped,
        finish_reason="no_sources",
        warnings=plan.warnings,
    )


def _answer(plan: RequestPlan, text: str, completion: Completion, *, abstained: bool) -> Answer:
    chunks = {source.n: source.cited.chunk for source in plan.sources}
    markers = find_markers(text)
    citations = tuple(_citations(markers, chunks))
    invalid = dict.fromkeys(n for marker in markers for n in marker.numbers if n not in chunks)
    warnings = [*plan.warnings, *_warnings(plan, text, completion)]
    if not abstained and not citations:
        warnings.append("The answer cites no source; check it before you rely on it.")
    return Answer(
        text=text,
        citations=citations,
        sources=tuple(chunks.values()),
        dropped=plan.dropped,
        abstained=abstained,
        invalid_citations=tuple(invalid),
        usage=completion.usage,
        model=completion.model,
        finish_reason=completion.finish_reason,
        request_id=completion.request_id,
        warnings=tuple(warnings),
    )


def _citations(markers: tuple[Marker, ...], chunks: Mapping[int, Chunk]) -> Iterator[Citation]:
    spans: dict[int, list[Span]] = {}
    for marker in markers:
        for n in marker.numbers:
            if n in chunks:
                spans.setdefault(n, []).append(marker.span)
    for n, places in spans.items():
        yield Citation(n, chunks[n], tuple(places))


def _warnings(plan: RequestPlan, text: str, completion: Completion) -> Iterator[str]:
    if completion.finish_reason in _ENDINGS:
        yield _ENDINGS[completion.finish_reason]
    known = "\n".join([plan.question, *(_words_of(s.cited.chunk) for s in plan.sources)])
    for url in dict.fromkeys(match[0].rstrip(".,;:!?)") for match in _URL.finditer(text)):
        if url not in known:
            yield f"The answer holds a link that is in none of its sources: {url}"


def _words_of(chunk: Chunk) -> str:
    return f"{chunk.text}\n{chunk.source.uri}\n{dict(chunk.metadata)}"
