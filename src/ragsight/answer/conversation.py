"""All that is asked for one answer, as steps without a network: retries, fallbacks, notes, repair.

`Conversation.steps` is an operation of `ragsight.steps`: what runs it decides whether it blocks,
and `streams` whether an `Ask` is streamed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ragsight.answer.model.costs import Price, total_cost, total_usage
from ragsight.answer.model.messages import Completion, VisionRequest
from ragsight.answer.model.profiles import ModelLimits
from ragsight.answer.providers.backend import VisionBackend
from ragsight.answer.providers.failures import ImageRefusedError
from ragsight.answer.providers.recording import RequestHook, SentRequest
from ragsight.answer.reply.assembler import AnswerAssembler, finish_answer, nothing_found
from ragsight.answer.reply.citations import clean_notes
from ragsight.answer.reply.repairing import repair_request
from ragsight.answer.reply.result import Answer
from ragsight.answer.request.labels import Evidence
from ragsight.answer.request.map_reduce import with_notes
from ragsight.answer.request.options import SynthesizerOptions
from ragsight.answer.request.plan import RequestPlan, plan_answer
from ragsight.answer.request.sanitize import SENTINEL
from ragsight.errors import AnswerError, BackendError, StreamInterruptedError
from ragsight.steps import Await, InThread, Parallel, Steps

if TYPE_CHECKING:
    from ragsight.answer.reply.structured import Schema


PARALLEL = 4
"""Requests for notes that are under way at once beside an event loop."""


class Ask(Await[Completion]):
    """One request to make.

    Args:
        backend: Whom to ask.
        request: What to ask.
        assembler: Where the events of a streamed reply go; `None` if it is needed whole.
    """

    def __init__(
        self,
        backend: VisionBackend,
        request: VisionRequest,
        assembler: AnswerAssembler | None = None,
    ) -> None:
        super().__init__(backend.complete, backend.acomplete, request)
        self.backend = backend
        self.request = request
        self.assembler = assembler


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

    def profile_of(self, backend: VisionBackend) -> ModelLimits:
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

    def steps(self) -> Steps[Answer]:
        """All steps to the answer.

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

    def _of_backend(self, backend: VisionBackend) -> Steps[Answer]:
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

    def _options_for(self, backend: VisionBackend, profile: ModelLimits) -> SynthesizerOptions:
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
        self, backend: VisionBackend, profile: ModelLimits, options: SynthesizerOptions
    ) -> Steps[Answer]:
        plan = self.plan = yield from InThread(
            plan_answer, self._question, self._sources, profile, options
        )
        if plan.request is None:
            return self._complete(nothing_found(plan))
        request: VisionRequest | None = plan.request
        if plan.batches:
            request = yield from self._read_batches(backend, plan)
        if request is None:
            nothing = Completion(text=SENTINEL, model=self._replies[-1].model)
            return self._complete((yield from InThread(finish_answer, plan, nothing)))
        if self._schema is not None:
            return (yield from self._structured(backend, plan, request, self._schema))
        return (yield from self._text(backend, plan, request))

    def _read_batches(
        self, backend: VisionBackend, plan: RequestPlan
    ) -> Steps[VisionRequest | None]:
        """The request completed with notes, or nothing if no batch gave any."""
        for batch in plan.batches:
            yield from self._told(backend, batch.request)
        outcomes = yield from Parallel(
            [_outcome(Ask(backend, batch.request)) for batch in plan.batches],
            at_once=PARALLEL,
            threads=False,
            give_up=True,
        )
        replies = self._counted(outcomes)
        notes = [
            clean_notes(reply.text, batch.numbers)
            for reply, batch in zip(replies, plan.batches, strict=True)
        ]
        found = [text for text in notes if text]
        assert plan.request is not None
        return with_notes(plan.request, found) if found else None

    def _text(
        self, backend: VisionBackend, plan: RequestPlan, request: VisionRequest
    ) -> Steps[Answer]:
        policy = self._setup.options.invalid_citations
        assembler = AnswerAssembler(plan, strict=policy == "raised")
        streamed = None if policy == "repaired" else assembler
        reply = yield from self._asked(Ask(backend, request, streamed))
        answer = yield from InThread(_closed, assembler, reply)
        if policy == "repaired" and answer.invalid_citations:
            anew = repair_request(request, reply.text, answer.invalid_citations, len(plan.sources))
            reply = yield from self._asked(Ask(backend, anew))
            self._warnings.append("The model was asked once more, to cite its sources anew.")
            answer = yield from InThread(finish_answer, plan, reply)
        return self._complete(answer)

    def _structured(
        self, backend: VisionBackend, plan: RequestPlan, request: VisionRequest, schema: Schema
    ) -> Steps[Answer]:
        request = schema.asked_of(request)
        reply = yield from self._asked(Ask(backend, request))
        read = yield from InThread(schema.read, reply.text, plan)
        wanted = self._setup.options.invalid_citations
        if isinstance(read, str) or (wanted == "repaired" and read.invalid):
            problem = (
                read if isinstance(read, str) else f"it cites {read.invalid}, which don't exist"
            )
            reply = yield from self._asked(Ask(backend, schema.again(request, reply.text, problem)))
            read = yield from InThread(schema.read, reply.text, plan)
        if isinstance(read, str):
            raise AnswerError(
                f"{backend.name} ({backend.model}) didn't give {schema.name} in two attempts: "
                f"{read}. Simplify the schema, or ask another model."
            )
        if wanted == "raised" and read.invalid:
            raise AnswerError(f"The answer cites {read.invalid}, but no source has these numbers.")
        return self._complete((yield from InThread(read.answer, plan, reply)))

    def _asked(self, ask: Ask) -> Steps[Completion]:
        """Ask, and keep count of what was used."""
        yield from self._told(ask.backend, ask.request)
        (reply,) = self._counted([(yield from _outcome(ask))])
        return reply

    def _told(self, backend: VisionBackend, request: VisionRequest) -> Steps[None]:
        """Tell the caller's hook of a request that is about to be sent."""
        if self._setup.on_request is not None:
            sent = SentRequest(provider=backend.name, model=backend.model, request=request)
            yield from InThread(self._setup.on_request, sent)

    def _counted(self, outcomes: Sequence[Completion | AnswerError]) -> list[Completion]:
        """The replies; the first failure counts, but what the others used does too."""
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


def _outcome(ask: Ask) -> Steps[Completion | AnswerError]:
    try:
        return (yield from ask)
    except AnswerError as error:
        return error


def _closed(assembler: AnswerAssembler, reply: Completion) -> Answer:
    assembler.feed(reply)
    assembler.close()
    if assembler.answer is None:
        raise AnswerError("The answer wasn't made. Report this.")  # pragma: no cover
    return assembler.answer
