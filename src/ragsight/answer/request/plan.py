"""Plan a request: a pure step from question and sources to what the model gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from ragsight.answer.model.messages import VisionRequest
from ragsight.answer.model.profile import estimate_text_tokens
from ragsight.answer.model.profiles import ModelLimits
from ragsight.answer.request.dropped import DroppedSource, Refusal
from ragsight.answer.request.labels import Evidence, cite_source
from ragsight.answer.request.map_reduce import NotesBatch, notes_batch, notes_question
from ragsight.answer.request.options import Order, SynthesizerOptions
from ragsight.answer.request.prompt import PlannedSource, system_text, user_parts
from ragsight.answer.request.selection import Selected, Selection, find_candidates, select_sources
from ragsight.errors import AnswerError, ConfigurationError, QueryError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEstimate:
    """What a request will cost, before it is sent.

    Attributes:
        text: Tokens of all text, estimated from its length.
        images: Tokens of all images, by the provider's formula.

    With batches it is the sum of their requests; what the notes will cost isn't known.
    """

    text: int = 0
    images: int = 0

    @property
    def total(self) -> int:
        """Text and images together."""
        return self.text + self.images


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPlan:
    """What will be asked, and what was left out.

    Attributes:
        question: The question.
        sources: The sources in the order of their numbers, from 1.
        request: What the model gets; `None` where there is nothing to answer from.
        dropped: What it doesn't get, and why.
        estimate: What the request will cost.
        batches: Requests for notes that come before `request`, which is then completed with what
            they find; empty where all sources fit into one request.
        nothing_found: What the answer says where there is no request.
        warnings: What a reader of the answer should know.
    """

    question: str
    sources: tuple[PlannedSource, ...] = ()
    request: VisionRequest | None = None
    dropped: tuple[DroppedSource, ...] = ()
    estimate: TokenEstimate = TokenEstimate()
    batches: tuple[NotesBatch, ...] = ()
    nothing_found: str = ""
    warnings: tuple[str, ...] = ()


def plan_answer(
    question: str,
    sources: Sequence[Evidence],
    profile: ModelLimits,
    options: SynthesizerOptions,
) -> RequestPlan:
    """Plan the request of a question, or where sources are too many, the requests for notes too.

    Args:
        question: The question.
        sources: Hits or chunks; their images are opened here.
        profile: The model's limits.
        options: The caller's wishes. Only `overflow="map_reduce"` makes more than one request.

    Returns:
        The plan; its sources are numbered through all requests.

    Raises:
        QueryError: If the question is empty.
        ConfigurationError: If the model doesn't know `options.detail`.
        AnswerError: If not all fits and `options.overflow` is `raise`.
    """
    if options.overflow != "map_reduce":
        return plan_request(question, sources, profile, options)
    detail = check_question(question, profile, options)
    left, dropped = find_candidates(sources, options)
    selections: list[Selection] = [Selection(dropped=dropped)]
    while left and sum(bool(made.kept) for made in selections) < options.max_requests:
        selections.append(select_sources(left, profile, options, whole=True))
        left = selections[-1].deferred
    full = f"all {options.max_requests} requests are full; raise SynthesizerOptions.max_requests"
    for candidate in left:
        selections[-1].drop(candidate.chunk, Refusal(full, "overflow"), "source")
    return plan_selected(question, selections, profile, options, detail)


def plan_request(
    question: str,
    sources: Sequence[Evidence],
    profile: ModelLimits,
    options: SynthesizerOptions,
) -> RequestPlan:
    """Choose, number, prepare and word the sources of a question for a single request.

    Args:
        question: The question.
        sources: Hits or chunks; their images are opened here.
        profile: The model's limits.
        options: The caller's wishes; where `overflow` is `map_reduce`, what doesn't fit into this
            one request is dropped (see `plan_answer`).

    Returns:
        The plan. Images that can't be opened or don't fit are in `dropped` and in `warnings`.

    Raises:
        QueryError: If the question is empty.
        ConfigurationError: If the model doesn't know `options.detail`.
        AnswerError: If not all fits and `options.overflow` is `raise`.
    """
    detail = check_question(question, profile, options)
    candidates, dropped = find_candidates(sources, options)
    selection = select_sources(candidates, profile, options)
    selection.dropped[:0] = dropped
    return plan_selected(question, [selection], profile, options, detail)


def check_question(question: str, profile: ModelLimits, options: SynthesizerOptions) -> str:
    """The level of detail to ask with.

    Raises:
        QueryError: If the question is empty.
        ConfigurationError: If the model doesn't know `options.detail`.
    """
    if not question.strip():
        raise QueryError("The question is empty. Ask something.")
    detail = profile.level(options.detail)
    if detail is None:
        raise ConfigurationError(
            f"detail={options.detail!r}: {profile.name} knows {', '.join(profile.rules)}."
        )
    return detail


def plan_selected(
    question: str,
    selections: Sequence[Selection],
    profile: ModelLimits,
    options: SynthesizerOptions,
    detail: str,
) -> RequestPlan:
    """Number and word what was selected, for one request or for several.

    Raises:
        AnswerError: If something didn't fit and `options.overflow` is `raise`.
    """
    dropped = tuple(entry for selection in selections for entry in selection.dropped)
    warnings = [warning for selection in selections for warning in selection.warnings]
    if options.overflow == "raise":
        _refuse_overflow(dropped)
    if not any(selection.kept for selection in selections):
        return RequestPlan(
            question=question,
            dropped=dropped,
            nothing_found=options.nothing_found,
            warnings=tuple(warnings),
        )
    batches = numbered(selections, options)
    if len(batches) == 1:
        request = VisionRequest(
            system=system_text(options.instructions),
            parts=user_parts(question, batches[0]),
            detail=detail,
        )
        notes: tuple[NotesBatch, ...] = ()
    else:
        request = notes_question(question, options.instructions, detail)
        notes = tuple(notes_batch(question, batch, detail) for batch in batches)
    return RequestPlan(
        question=question,
        sources=tuple(source for batch in batches for source in batch),
        request=request,
        batches=notes,
        dropped=dropped,
        estimate=_estimate([*(batch.request for batch in notes), request], selections),
        nothing_found=options.nothing_found,
        warnings=(*_profile_warnings(profile), *warnings),
    )


def numbered(
    selections: Sequence[Selection], options: SynthesizerOptions
) -> list[tuple[PlannedSource, ...]]:
    """Number the sources of all requests from 1, in the order in which the model reads them."""
    batches: list[tuple[PlannedSource, ...]] = []
    n = 0
    for selection in selections:
        ordered = reading_order([(kept.position, kept) for kept in selection.kept], options.order)
        batches.append(tuple(_planned(ordered, selection, n)))
        n += len(ordered)
    return [batch for batch in batches if batch]


def reading_order(ranked: Sequence[tuple[int, T]], order: Order) -> list[T]:
    """Arrange what was kept.

    Args:
        ranked: Position in the caller's order and item, best first.
        order: See `SynthesizerOptions.order`.

    Returns:
        The items as the model gets them.

    Example:
        >>> reading_order([(0, "best"), (1, "second"), (2, "third")], "ends")
        ['best', 'third', 'second']
    """
    if order == "input":
        return [item for _, item in sorted(ranked, key=lambda pair: pair[0])]
    items = [item for _, item in ranked]
    if order == "ends":
        return items[::2] + items[1::2][::-1]
    return items


def _planned(
    ordered: Sequence[Selected], selection: Selection, offset: int
) -> Iterator[PlannedSource]:
    own = {
        kept.digest: n
        for n, kept in reversed(list(enumerate(ordered, offset + 1)))
        if not kept.near
    }
    for n, kept in enumerate(ordered, start=offset + 1):
        carrier = own.get(kept.digest)
        yield PlannedSource(
            cited=cite_source(n, kept.chunk),
            text=kept.text,
            image=selection.images.get(kept.digest) if carrier == n else None,
            same_as=carrier if kept.digest and carrier != n else None,
            near=kept.near,
        )


def _estimate(requests: Sequence[VisionRequest], selections: Sequence[Selection]) -> TokenEstimate:
    return TokenEstimate(
        text=sum(estimate_text_tokens(r.system) + estimate_text_tokens(r.text) for r in requests),
        images=sum(selection.image_tokens for selection in selections),
    )


def _profile_warnings(profile: ModelLimits) -> Iterator[str]:
    if profile.warning:
        yield profile.warning
    if profile.retires and date.today().isoformat() >= profile.retires:
        yield f"The provider serves {profile.name} no longer than {profile.retires}; change models."


def _refuse_overflow(dropped: Sequence[DroppedSource]) -> None:
    left_out = [entry for entry in dropped if entry.cause == "overflow"]
    if left_out:
        raise AnswerError(
            f"{len(left_out)} of the sources don't fit into one request, the first of them "
            f"{left_out[0].chunk.title}: {left_out[0].reason}. Give fewer sources, raise the "
            f"budgets, or set SynthesizerOptions.overflow to 'map_reduce' or 'drop'."
        )
