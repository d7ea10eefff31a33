"""Plan a request: a pure step from question and sources to what the model gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragsight.answer.labels import Evidence, cite_source
from ragsight.answer.options import SynthesizerOptions
from ragsight.answer.ordering import reading_order
from ragsight.answer.profiles import ModelProfile
from ragsight.answer.prompt import PlannedSource, system_text, user_parts
from ragsight.answer.request import VisionRequest
from ragsight.answer.result import DroppedSource
from ragsight.answer.selection import Selection, select_sources
from ragsight.answer.tokens import estimate_text_tokens
from ragsight.errors import ConfigurationError, QueryError


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEstimate:
    """What a request will cost, before it is sent.

    Attributes:
        text: Tokens of all text, estimated from its length.
        images: Tokens of all images, by the provider's formula.
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
        nothing_found: What the answer says where there is no request.
        warnings: What a reader of the answer should know.
    """

    question: str
    sources: tuple[PlannedSource, ...] = ()
    request: VisionRequest | None = None
    dropped: tuple[DroppedSource, ...] = ()
    estimate: TokenEstimate = TokenEstimate()
    nothing_found: str = ""
    warnings: tuple[str, ...] = ()


def plan_request(
    question: str,
    sources: Sequence[Evidence],
    profile: ModelProfile,
    options: SynthesizerOptions,
) -> RequestPlan:
    """Choose, number, prepare and word the sources of a question.

    Args:
        question: The question.
        sources: Hits or chunks; their images are opened here.
        profile: The model's limits.
        options: The caller's wishes.

    Returns:
        The plan. Images that can't be opened or don't fit are in `dropped` and in `warnings`.

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
    selection = select_sources(sources, profile, options)
    if not selection.kept:
        return RequestPlan(
            question=question,
            dropped=tuple(selection.dropped),
            nothing_found=options.nothing_found,
            warnings=tuple(selection.warnings),
        )
    planned = _numbered(selection, options)
    request = VisionRequest(
        system=system_text(options.instructions),
        parts=user_parts(question, planned),
        detail=detail,
    )
    return RequestPlan(
        question=question,
        sources=planned,
        request=request,
        dropped=tuple(selection.dropped),
        estimate=TokenEstimate(
            text=estimate_text_tokens(request.system) + estimate_text_tokens(request.text),
            images=selection.image_tokens,
        ),
        nothing_found=options.nothing_found,
        warnings=tuple(([profile.warning] if profile.warning else []) + selection.warnings),
    )


def _numbered(selection: Selection, options: SynthesizerOptions) -> tuple[PlannedSource, ...]:
    ordered = reading_order([(kept.position, kept) for kept in selection.kept], options.order)
    carrier: dict[str, int] = {}
    planned = []
    for n, kept in enumerate(ordered, start=1):
        first = carrier.setdefault(kept.digest, n) if kept.digest else n
        planned.append(
            PlannedSource(
                cited=cite_source(n, kept.chunk),
                text=kept.text,
                image=selection.images.get(kept.digest) if first == n else None,
                same_as=first if first != n else None,
            )
        )
    return tuple(planned)
