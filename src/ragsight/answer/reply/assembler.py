"""Turn a model's reply into an answer, whole or piece by piece, with the same result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ragsight.answer.model.messages import Completion, StreamEvent, TextDelta
from ragsight.answer.reply.citations import Span, find_markers
from ragsight.answer.reply.result import Answer, Citation, SentImage
from ragsight.answer.reply.stream_filters import MarkerFilter, SentinelFilter
from ragsight.answer.request.plan import RequestPlan
from ragsight.chunks import Chunk
from ragsight.errors import AnswerError, StreamInterruptedError

_URL = re.compile(
    r"""(?:
        \b[a-z][a-z0-9+.\-]{1,15}://                   # any scheme
      | \b(?:mailto|javascript|vbscript):(?=\S)
      | \bdata:(?=[a-z]+/)
      | (?<![:/\w])//(?=[\w\-]+\.\w)                  # the scheme of the page
      | \bwww\.
      | (?<![\w.@/\-])(?:[a-z0-9\-]+\.)+[a-z]{2,24}/   # no scheme, but a path
    )[^\s<>"'`|\\^{}\[\]]*""",
    re.IGNORECASE | re.VERBOSE,
)

_ENDINGS = {
    "length": "The answer was cut off at the limit of output tokens; raise max_output_tokens.",
    "refusal": "The model declined to answer.",
    "content_filter": "The provider's content filter stopped the answer.",
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a reply's text.

    Attributes:
        text: The text to show.
        abstained: Whether the model said that the sources don't hold the answer.
        invalid: Numbers that it cited and no source has.
    """

    text: str
    abstained: bool
    invalid: tuple[int, ...] = ()


class AnswerAssembler:
    """Build an answer from a stream's events; knows nothing of networks or event loops.

    Args:
        plan: What was asked.
        strict: Raise an error at the first citation that no source has.

    Attributes:
        answer: The answer, once `close` was called.
        findings: What is known of its text, once `close` was called.
    """

    def __init__(self, plan: RequestPlan, *, strict: bool = False) -> None:
        self.answer: Answer | None = None
        self.findings: Findings | None = None
        self._plan = plan
        self._strict = strict
        self._sentinel = SentinelFilter()
        self._markers = MarkerFilter({source.n for source in plan.sources})
        self._shown: list[str] = []
        self._received: list[str] = []
        self._completion: Completion | None = None

    @property
    def partial(self) -> str:
        """The text that has arrived."""
        return "".join(self._received)

    def feed(self, event: StreamEvent) -> str:
        """Take an event in and return the text to show now.

        Raises:
            AnswerError: If it cites what no source has, and that is an error here.
        """
        if isinstance(event, Completion):
            self._completion = event
            return ""
        self._received.append(event.text)
        return self._show(self._markers.feed(self._sentinel.feed(event.text)))

    def close(self) -> str:
        """End the stream, make the answer, and return the last of its text.

        Raises:
            StreamInterruptedError: If the stream ended without its completion.
            AnswerError: If it cites what no source has, and that is an error here.
        """
        if self._plan.request is None:
            self.answer = nothing_found(self._plan)
            return self.answer.text
        if self._completion is None:
            raise StreamInterruptedError(
                "The stream ended before the answer did. Ask again.", partial=self.partial
            )
        if not self._received:
            self.feed(TextDelta(self._completion.text))
        rest = self._show(self._markers.feed(self._sentinel.close()) + self._markers.close())
        text = "".join(self._shown)
        if self._sentinel.found and not text:
            rest = text = self._plan.nothing_found
        self.findings = Findings(text, self._sentinel.found, self._markers.invalid)
        self.answer = cited_answer(self._plan, self.findings, self._completion)
        return rest

    def _show(self, text: str) -> str:
        if self._strict and self._markers.invalid:
            numbers = ", ".join(str(n) for n in self._markers.invalid)
            raise AnswerError(
                f"The answer cites {numbers}, but there are {len(self._plan.sources)} sources. Ask "
                f"again, or set SynthesizerOptions.invalid_citations to 'repaired' or 'dropped'."
            )
        if text:
            self._shown.append(text)
        return text


def finish_answer(plan: RequestPlan, completion: Completion) -> Answer:
    """Turn a whole reply into an answer.

    Args:
        plan: What was asked.
        completion: What the model replied.

    Returns:
        The answer, its citations mapped back to the plan's chunks; what it cites that no source
        has is taken out of the text.
    """
    assembler = AnswerAssembler(plan)
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


def cited_answer(plan: RequestPlan, findings: Findings, completion: Completion) -> Answer:
    """The answer that a cleaned text stands for."""
    chunks = {source.n: source.cited.chunk for source in plan.sources}
    citations = tuple(_citations(findings.text, chunks))
    warnings = [*plan.warnings, *reply_warnings(plan, findings.text, completion)]
    if findings.invalid:
        numbers = ", ".join(str(n) for n in findings.invalid)
        warnings.append(f"The model cited {numbers}, which no source has; that was taken out.")
    if findings.text.strip() and not findings.abstained and not citations:
        warnings.append("The answer cites no source; check it before you rely on it.")
    return Answer(
        text=findings.text,
        citations=citations,
        sources=tuple(chunks.values()),
        dropped=plan.dropped,
        images=sent_images(plan),
        abstained=findings.abstained,
        invalid_citations=findings.invalid,
        usage=completion.usage,
        model=completion.model,
        finish_reason=completion.finish_reason,
        request_ids=() if completion.request_id is None else (completion.request_id,),
        warnings=tuple(warnings),
    )


def sent_images(plan: RequestPlan) -> tuple[SentImage, ...]:
    """The images of a plan, with the numbers of their sources."""
    return tuple(
        SentImage(source.n, source.image) for source in plan.sources if source.image is not None
    )


def reply_warnings(plan: RequestPlan, text: str, completion: Completion) -> Iterator[str]:
    """What a reader should know of a reply: how it ended, and links that no source holds."""
    if completion.finish_reason in _ENDINGS:
        yield _ENDINGS[completion.finish_reason]
    if not text.strip():
        yield "The model's reply was empty; ask again."
    words = [plan.question, *(_words_of(source.cited.chunk) for source in plan.sources)]
    known = {_same(url) for url in _links(words)}
    for url in _links([text]):
        if _same(url) not in known:
            yield f"The answer holds a link that is in none of its sources: {url}"


def _citations(text: str, chunks: Mapping[int, Chunk]) -> Iterator[Citation]:
    spans: dict[int, list[Span]] = {}
    for marker in find_markers(text):
        for n in marker.numbers:
            if n in chunks:
                spans.setdefault(n, []).append(marker.span)
    for n, places in spans.items():
        yield Citation(n, chunks[n], tuple(places))


def _links(texts: Sequence[str]) -> list[str]:
    found = (match[0].rstrip(".,;:!?)*_") for text in texts for match in _URL.finditer(text))
    return list(dict.fromkeys(found))


def _same(url: str) -> str:
    """What addresses that differ in case or a last slash alone have in common."""
    return url.casefold().rstrip("/")


def _words_of(chunk: Chunk) -> str:
    values = "\n".join(str(value) for value in chunk.metadata.values())
    return f"{chunk.text}\n{chunk.source.uri}\n{values}"
