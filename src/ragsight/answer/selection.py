"""Choose what of the sources goes into a request, best first, and say what doesn't."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ragsight.answer.budget import ImageBudget, TextBudget
from ragsight.answer.labels import Evidence, chunk_of, cite_source
from ragsight.answer.options import SynthesizerOptions
from ragsight.answer.ordering import best_first
from ragsight.answer.profiles import ImageRule, ModelProfile
from ragsight.answer.result import DroppedPart, DroppedSource
from ragsight.answer.tokens import estimate_text_tokens
from ragsight.chunks import Chunk, ImageRef
from ragsight.errors import InputError
from ragsight.images.preparing import PreparedImage, prepare_image

REQUEST_SLACK = 0.9
"""Share of a provider's request limit that images may fill; the rest is for text and JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A source that goes into the request.

    Attributes:
        position: Place in the caller's order.
        chunk: The chunk.
        text: Its text, empty if it has none, none is needed, or there is no room for it.
        digest: Identity of its image, empty if none is sent.
    """

    position: int
    chunk: Chunk
    text: str
    digest: str


@dataclass(slots=True)
class Selection:
    """What was chosen, best first, and what was not.

    Attributes:
        kept: The chosen sources.
        images: Their images by digest; an image that two sources share is here once.
        dropped: What was not chosen.
        warnings: What a reader of the answer should know of it.
        image_tokens: What the images cost.
    """

    kept: list[Selected] = field(default_factory=list)
    images: dict[str, PreparedImage] = field(default_factory=dict)
    dropped: list[DroppedSource] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    image_tokens: int = 0

    def drop(self, chunk: Chunk, reason: str, part: DroppedPart) -> None:
        """Note what the model doesn't get, and warn: an answer must not hide what it lacks."""
        self.dropped.append(DroppedSource(chunk, reason, part))
        what = {"source": "The source", "image": "The image of", "text": "The text of"}[part]
        self.warnings.append(f"{what} {chunk.title} was not used: {reason}")


def select_sources(
    sources: Sequence[Evidence], profile: ModelProfile, options: SynthesizerOptions
) -> Selection:
    """Choose what fits the model's limits and the caller's budgets.

    Args:
        sources: Hits or chunks.
        profile: The model's limits.
        options: The caller's budgets.

    Returns:
        The selection; images that can't be opened are in `dropped`.
    """
    selection = Selection()
    ranked = list(_distinct(sources, selection))
    images = _Images(selection, profile, options, [chunk for _, chunk in ranked])
    texts = TextBudget(max_tokens=options.text_token_budget)
    for position, chunk in ranked:
        digest, no_image = images.take(chunk.image)
        text, no_text = _take_text(chunk, texts)
        if not (digest or text or cite_source(0, chunk).caption):
            problems = [problem for problem in (no_image, no_text) if problem]
            reason = "; ".join(problems) or "it has neither text nor an image"
            selection.drop(chunk, reason, "source")
            continue
        selection.kept.append(Selected(position=position, chunk=chunk, text=text, digest=digest))
        if no_image:
            selection.drop(chunk, no_image, "image")
        if no_text:
            selection.drop(chunk, no_text, "text")
    selection.image_tokens = images.budget.tokens
    return selection


def _distinct(sources: Sequence[Evidence], selection: Selection) -> Iterable[tuple[int, Chunk]]:
    seen: set[str] = set()
    for position in best_first(sources):
        chunk = chunk_of(sources[position])
        if chunk.id in seen:
            # Nothing is lost, so there is nothing to warn of.
            selection.dropped.append(DroppedSource(chunk, "it is among the sources already"))
            continue
        seen.add(chunk.id)
        yield position, chunk


def _take_text(chunk: Chunk, budget: TextBudget) -> tuple[str, str]:
    """The text to send, and why there is none although the chunk has one."""
    cited = cite_source(0, chunk)
    if not chunk.text.strip() or not cited.excerpt:
        return "", ""
    problem = budget.admit(tokens=estimate_text_tokens(chunk.text))
    return ("", problem) if problem else (chunk.text, "")


class _Images:
    """Images of the sources, opened best first and only while there is room."""

    def __init__(
        self,
        selection: Selection,
        profile: ModelProfile,
        options: SynthesizerOptions,
        chunks: Sequence[Chunk],
    ) -> None:
        asked = options.max_images if options.max_images is not None else profile.default_images
        limit = min(asked, profile.max_images) if asked is not None else profile.max_images
        distinct = {chunk.image.sha256 for chunk in chunks if chunk.image is not None}
        self.budget = ImageBudget(
            max_images=limit,
            max_tokens=options.image_token_budget,
            max_bytes=int(profile.max_request_bytes * REQUEST_SLACK),
        )
        self._rule: ImageRule = profile.rule(options.detail, images=min(limit, len(distinct)))
        self._selection = selection
        self._outcomes: dict[str, str] = {}

    def take(self, ref: ImageRef | None) -> tuple[str, str]:
        """The digest of the image to send, and why there is none although the chunk has one."""
        if ref is None:
            return "", ""
        if ref.sha256 not in self._outcomes:
            self._outcomes[ref.sha256] = self.budget.closed or self._prepare(ref)
        problem = self._outcomes[ref.sha256]
        return ("", problem) if problem else (ref.sha256, "")

    def _prepare(self, ref: ImageRef) -> str:
        try:
            image = prepare_image(ref, self._rule.limits)
        except InputError as error:
            return str(error)
        tokens = self._rule.tokens.count(image.width, image.height)
        problem = self.budget.admit(tokens=tokens, size=image.base64_size)
        if not problem:
            self._selection.images[ref.sha256] = image
        return problem
