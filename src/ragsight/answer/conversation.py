"""All that is asked for one answer, as steps without a network: retries, fallbacks, notes, repair.

`Conversation.steps` is a generator. It yields what to ask, gets what came back, and returns the
answer. Whether that happens with or without an event loop, whole or streamed, is up to `asking`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from ragsight.answer.model.costs import Price, total_cost, total_usage
from ragsight.answer.model.messages import Completion, VisionRequest
from ragsight.answer.model.profiles import ModelProfile
from ragsight.answer.providers.backend import VisionBackend
from ragsight.answer.providers.failures import ImageRefusedError
from ragsight.answer.providers.recording import RequestHook, SentRequest
from ragsight.answer.reply.assembler import AnswerAssembler, nothing_found
from ragsight.answer.reply.repairing import repair_request
from ragsight.answer.reply.result import Answer
from ragsight.answer.request.batching import plan_answer
from ragsight.answer.request.labels import Evidence
from ragsight.answer.request.map_reduce import clean_notes, with_notes
from ragsight.answer.request.options import SynthesizerOptions
from ragsight.answer.request.plan import RequestPlan
from ragsight.answer.request.sanitize import SENTINEL
from ragsight.errors import AnswerError, BackendError, StreamInterruptedError

if TYPE_CHECKING:
    from ragsight.answer.reply.structured import Schema


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to make.

    Attributes:
        backend: Whom to ask.
        request: What to ask.
        assembler: Where the events of a streamed reply go; `None` if it is needed whole.
    """

    backend: VisionBackend
    request: VisionRequest
    assembler: AnswerAssembler | None = None


Outcome: TypeAlias = Completion | AnswerError
Steps: TypeAlias = Generator[tuple[Ask, ...], list[Outcome], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is the same for every question.

    Attributes:
        backends: Whom to ask, in turn until one answers.
        options: How sources become a request.
        prices: By model.
        on_request: Called with each request before it is sent.
    """

    backends: tuple[VisionBackend, ...]
    options: SynthesizerOptions
    prices: Mapping[str, Price] = field(default_factory=dict)
    on_request: RequestHook | None = None

    def profile_of(self, backend: VisionBackend) -> ModelProfile:
        """The limits to keep for a backend; the caller's own are those of the first."""
        own = self.options.profile
        return own if own is not None and backend is self.backends[0] else backend.profile


class Conversation:
    """The steps to one answer.

    Args:
        question: The question.
        sources: Hits or chunks.
        setup: Whom to ask, and how.
        schema: Form of the answer, unless it is text.

    Attributes:
        plan: What is asked at present.
    """

    def __init__(
        self,
        question: str,
        sources: Sequence[Evidence],
        setup: Setup,
        schema: Schema | None = None,
    ) -> None:
        self.plan: RequestPlan | None = None
        self._question = question
        self._sources = sources
        self._setup = setup
        self._schema = schema
        self._replies: list[Completion] = []
        self._warnings: list[str] = []

    def steps(self) -> Steps:
        """Yield what to ask, get what came back, return the answer.

        Raises:
            QueryError: If the question is empty.
            AnswerError: If no backend answers, or the answer is not to be used.
        """
        backends = self._setup.backends
        for backend, following in zip(backends, (*backends[1:], None), strict=True):
            try:
                return (yield from self._of_backend(backend))
            except (BackendError, StreamInterruptedError) as error:
                if following is None or _began(error):
                    raise
                self._warnings.append(
                    f"{backend.name} ({backend.model}) didn't answer, so {following.name} "
                    f"({following.model}) did: {error}"
                )
        raise AnswerError("There is no backend to ask. Give one.")  # pragma: no cover

    def _of_backend(self, backend: VisionBackend) -> Steps:
        profile = self._setup.profile_of(backend)
        options = self._options_for(backend, profile)
        try:
            return (yield from self._planned(backend, profile, options))
        except ImageRefusedError as error:
            if error.max_images is not None:
                options = replace(options, max_images=error.max_images)
            tighter = profile.tightened(max_edge=error.max_edge, max_bytes=error.max_bytes)
            self._warnings.append(f"The images were sent anew, within the limits it named: {error}")
            return (yield from self._planned(backend, tighter, options))

    def _options_for(self, backend: VisionBackend, profile: ModelProfile) -> SynthesizerOptions:
        """The caller's options; a fallback that doesn't know the level of detail takes its own."""
        options = self._setup.options
        if backend is self._setup.backends[0] or profile.level(options.detail) is not None:
            return options
        self._warnings.append(
            f"{backend.name} ({backend.model}) doesn't know detail={options.detail!r}; it was "
            f"asked with {profile.auto!r}."
        )
        return replace(options, detail="auto")

    def _planned(
        self, backend: VisionBackend, profile: ModelProfile, options: SynthesizerOptions
    ) -> Steps:
        plan = self.plan = plan_answer(self._question, self._sources, profile, options)
        if plan.request is None:
            return self._complete(nothing_found(plan))
        request: VisionRequest | None = plan.request
        if plan.batches:
            request = yield from self._read_batches(backend, plan)
        if request is None:
            nothing = Completion(text=SENTINEL, model=self._replies[-1].model)
            return self._complete(_assembled(plan, nothing))
        if self._schema is not None:
            return (yield from self._structured(backend, plan, request, self._schema))
        return (yield from self._text(backend, plan, request))

    def _read_batches(
        self, backend: VisionBackend, plan: RequestPlan
    ) -> Generator[tuple[Ask, ...], list[Outcome], VisionRequest | None]:
        """The request completed with notes, or nothing if no batch gave any."""
        asks = tuple(Ask(backend, batch.request) for batch in plan.batches)
        replies = yield from self._asked(asks)
        notes = [
            clean_notes(reply.text, batch.numbers)
            for reply, batch in zip(replies, plan.batches, strict=True)
        ]
        found = [text for text in notes if text]
        assert plan.request is not None
        return with_notes(plan.request, found) if found else None

    def _text(self, backend: VisionBackend, plan: RequestPlan, request: VisionRequest) -> Steps:
        policy = self._setup.options.invalid_citations
        assembler = AnswerAssembler(plan, strict=policy == "raised")
        streamed = None if policy == "repaired" else assembler
        (reply,) = yield from self._asked((Ask(backend, request, streamed),))
        answer = _closed(assembler, reply)
        if policy == "repaired" and answer.invalid_citations:
            anew = repair_request(request, reply.text, answer.invalid_citations, len(plan.sources))
            (reply,) = yield from self._asked((Ask(backend, anew),))
            self._warnings.append("The model was asked once more, to cite its sources anew.")
            answer = _assembled(plan, reply)
        return self._complete(answer)

    def _structured(
        self, backend: VisionBackend, plan: RequestPlan, request: VisionRequest, schema: Schema
    ) -> Steps:
        request = schema.asked_of(request)
        (reply,) = yield from self._asked((Ask(backend, request),))
        read = schema.read(reply.text, plan)
        wanted = self._setup.options.invalid_citations
        if isinstance(read, str) or (wanted == "repaired" and read.invalid):
            problem = (
                read if isinstance(read, str) else f"it cites {read.invalid}, which don't exist"
            )
            (reply,) = yield from self._asked(
                (Ask(backend, schema.again(request, reply.text, problem)),)
            )
            read = schema.read(reply.text, plan)
        if isinstance(read, str):
            raise AnswerError(
                f"{backend.name} ({backend.model}) didn't give {schema.name} in two attempts: "
                f"{read}. Simplify the schema, or ask another model."
            )
        if wanted == "raised" and read.invalid:
            raise AnswerError(f"The answer cites {read.invalid}, but no source has these numbers.")
        return self._complete(read.answer(plan, reply))

    def _asked(
        self, asks: tuple[Ask, ...]
    ) -> Generator[tuple[Ask, ...], list[Outcome], list[Completion]]:
        """Ask all of them; the first failure counts."""
        if self._setup.on_request is not None:
            for ask in asks:
                self._setup.on_request(
                    SentRequest(
                        provider=ask.backend.name, model=ask.backend.model, request=ask.request
                    )
                )
        outcomes = yield asks
        replies = [outcome for outcome in outcomes if isinstance(outcome, Completion)]
        self._replies += replies
        for outcome in outcomes:
            if isinstance(outcome, AnswerError):
                raise outcome
        return replies

    def _complete(self, answer: Answer) -> Answer:
        """The answer with what all requests together took."""
        ids = [reply.request_id for reply in self._replies if reply.request_id is not None]
        return replace(
            answer,
            usage=total_usage(self._replies),
            cost=total_cost(self._replies, self._setup.prices),
            request_ids=tuple(ids),
            warnings=(*self._warnings, *answer.warnings),
        )


def _began(error: AnswerError) -> bool:
    return isinstance(error, StreamInterruptedError) and bool(error.partial)


def _assembled(plan: RequestPlan, reply: Completion) -> Answer:
    return _closed(AnswerAssembler(plan), reply)


def _closed(assembler: AnswerAssembler, reply: Completion) -> Answer:
    assembler.feed(reply)
    assembler.close()
    if assembler.answer is None:
        raise AnswerError("The answer wasn't made. Report this.")  # pragma: no cover
    return assembler.answer
