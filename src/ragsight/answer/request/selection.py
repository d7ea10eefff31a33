"""Choose what of the sources goes into a request, best first, and say what doesn't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ragsight.answer.model.profile import estimate_text_tokens
from ragsight.answer.model.profiles import ModelLimits
from ragsight.answer.request.dropped import DroppedPart, DroppedSource, Refusal
from ragsight.answer.request.labels import Evidence, chunk_of, cite_source
from ragsight.answer.request.options import SynthesizerOptions
from ragsight.answer.request.pictures import Picture, Pictures
from ragsight.chunks import Chunk
from ragsight.images.preparing import PreparedImage
from ragsight.retrieval.hits import Hit
from ragsight.retrieval.units import unfold

_WHAT = {"source": "The source", "image": "The image of", "text": "The text of"}


@dataclass(slots=True, kw_only=True)
class TextBudget:
    """Room for the sources' texts in one request, offered best first.

    Attributes:
        max_tokens: How many tokens, all texts together.
    """

    max_tokens: int
    tokens: int = 0
    refusal: str = ""

    def admit(self, *, tokens: int) -> str:
        """Take one text in; returns the reason why it was refused, empty when it was taken."""
        if not self.refusal and self.tokens + tokens > self.max_tokens:
            self.refusal = (
                f"the text budget of {self.max_tokens:,} tokens is used up; raise "
                f"SynthesizerOptions.text_token_budget for more"
            )
        if not self.refusal:
            self.tokens += tokens
        return self.refusal


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source that may go into a request.

    Attributes:
        position: Place in the caller's order.
        chunk: The chunk.
    """

    position: int
    chunk: Chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A source that goes into the request.

    Attributes:
        position: Place in the caller's order.
        chunk: The chunk.
        text: Its text, empty if it has none, none is needed, or there is no room for it.
        digest: Identity of the image that is sent for it, empty if none is.
        near: Whether that is another version of its own image.
    """

    position: int
    chunk: Chunk
    text: str
    digest: str
    near: bool = False


@dataclass(slots=True)
class Selection:
    """What was chosen, best first, and what was not.

    Attributes:
        kept: The chosen sources.
        images: Their images by digest; an image that two sources share is here once.
        dropped: What was not chosen.
        warnings: What a reader of the answer should know of it.
        image_tokens: What the images cost.
        deferred: What is left for another request.
    """

    kept: list[Selected] = field(default_factory=list)
    images: dict[str, PreparedImage] = field(default_factory=dict)
    dropped: list[DroppedSource] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    image_tokens: int = 0
    deferred: list[Candidate] = field(default_factory=list)

    def drop(self, chunk: Chunk, refusal: Refusal, part: DroppedPart) -> None:
        """Note what the model doesn't get, and warn: an answer must not hide what it lacks."""
        self.dropped.append(DroppedSource(chunk, refusal.reason, part, refusal.cause))
        self.warnings.append(f"{_WHAT[part]} {chunk.title} was not used: {refusal.reason}")


def find_candidates(
    sources: Sequence[Evidence], options: SynthesizerOptions
) -> tuple[list[Candidate], list[DroppedSource]]:
    """The sources to choose from, best first: each once, and none below the lowest score.

    Of a page or a document these are what was found of it.

    Nothing here is worth a warning: repeats lose nothing, and the caller set the lowest score.
    """
    sources = [
        part
        for source in sources
        for part in (unfold(source) if isinstance(source, Hit) else [source])
    ]
    candidates: list[Candidate] = []
    dropped: list[DroppedSource] = []
    seen: set[str] = set()
    for position in best_first(sources):
        source = sources[position]
        chunk = chunk_of(source)
        if chunk.id in seen:
            reason = "it is among the sources already"
            dropped.append(DroppedSource(chunk, reason, "source", "duplicate"))
            continue
        seen.add(chunk.id)
        if _scores_less(source, options.min_score):
            reason = f"it scores less than {options.min_score:g}"
            dropped.append(DroppedSource(chunk, reason, "source", "score"))
            continue
        candidates.append(Candidate(position, chunk))
    return candidates, dropped


def best_first(sources: Sequence[Evidence]) -> list[int]:
    """Positions of the sources from the best to the worst.

    Hits are ranked by score; where any source has no score the caller's order is the ranking.
    """
    scores = [source.score for source in sources if isinstance(source, Hit)]
    if len(scores) < len(sources):
        return list(range(len(sources)))
    return sorted(range(len(sources)), key=lambda position: -scores[position])


def _scores_less(source: Evidence, least: float | None) -> bool:
    return least is not None and isinstance(source, Hit) and source.score < least


def select_sources(
    candidates: Sequence[Candidate],
    profile: ModelLimits,
    options: SynthesizerOptions,
    *,
    whole: bool = False,
) -> Selection:
    """Choose what fits the model's limits and the caller's budgets.

    Args:
        candidates: The sources, best first.
        profile: The model's limits.
        options: The caller's budgets.
        whole: Take sources whole or not at all: at the first that doesn't fit, stop and defer it
            and the rest. The first of all is taken in any case, with what fits of it.

    Returns:
        The selection; images that can't be opened are in `dropped`.
    """
    selection = Selection()
    pictures = Pictures(profile, options, [candidate.chunk for candidate in candidates])
    _, for_texts = options.budgets(profile.context)
    texts = TextBudget(max_tokens=for_texts)
    for index, candidate in enumerate(candidates):
        text, no_text = _take_text(candidate.chunk, texts)
        picture = pictures.take(candidate.chunk)
        full = whole and (_overflows(no_text) or _overflows(picture.refusal))
        if full and selection.kept:
            selection.deferred = list(candidates[index:])
            break
        _keep(selection, candidate, picture, text, no_text)
        if full:
            # Too large for an empty request is too large for any, so only the rest is put off.
            selection.deferred = list(candidates[index + 1 :])
            break
    used = {selected.digest for selected in selection.kept}
    selection.images = {key: image for key, image in pictures.images.items() if key in used}
    selection.image_tokens = pictures.tokens_of(selection.images.values())
    return selection


def _keep(
    selection: Selection,
    candidate: Candidate,
    picture: Picture,
    text: str,
    no_text: Refusal | None,
) -> None:
    """Take a source into the selection, or what there is of it."""
    chunk, no_image = candidate.chunk, picture.refusal
    if not (picture.digest or text or cite_source(0, chunk).caption):
        selection.drop(chunk, _both(no_image, no_text), "source")
        return
    selection.kept.append(
        Selected(
            position=candidate.position,
            chunk=chunk,
            text=text,
            digest=picture.digest,
            near=picture.near,
        )
    )
    if no_image is not None:
        selection.drop(chunk, no_image, "image")
    if no_text is not None:
        selection.drop(chunk, no_text, "text")


def _overflows(refusal: Refusal | None) -> bool:
    return refusal is not None and refusal.cause == "overflow"


def _both(*refusals: Refusal | None) -> Refusal:
    found = [refusal for refusal in refusals if refusal is not None]
    if not found:
        return Refusal("it has neither text nor an image", "empty")
    return Refusal("; ".join(refusal.reason for refusal in found), found[0].cause)


def _take_text(chunk: Chunk, budget: TextBudget) -> tuple[str, Refusal | None]:
    """The text to send, and why there is none although the chunk has one."""
    cited = cite_source(0, chunk)
    if not chunk.text.strip() or not cited.excerpt:
        return "", None
    problem = budget.admit(tokens=estimate_text_tokens(chunk.text))
    return ("", Refusal(problem, "overflow")) if problem else (chunk.text, None)
