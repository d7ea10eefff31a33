"""Plan an answer that may take more than one request."""

from __future__ import annotations

from collections.abc import Sequence

from ragsight.answer.model.profiles import ModelProfile
from ragsight.answer.request.dropped import Refusal
from ragsight.answer.request.labels import Evidence
from ragsight.answer.request.options import SynthesizerOptions
from ragsight.answer.request.plan import RequestPlan, check_question, plan_request, plan_selected
from ragsight.answer.request.selection import Selection, find_candidates, select_sources


def plan_answer(
    question: str,
    sources: Sequence[Evidence],
    profile: ModelProfile,
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
