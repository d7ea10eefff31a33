"""Prepare the images of a request, best first, and only while there is room."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ragsight.answer.model.profiles import ImageRule, ModelLimits
from ragsight.answer.request.dropped import Refusal
from ragsight.answer.request.options import SynthesizerOptions
from ragsight.chunks import Chunk, ImageRef
from ragsight.errors import InputError
from ragsight.images.preparing import PreparedImage, prepare_image

REQUEST_SLACK = 0.9
"""Share of a provider's request limit that images may fill; the rest is for text and JSON."""

MOST_THREADS = 4
"""Images that are prepared at once; each of 12 megapixels takes 60 MB while it is."""


@dataclass(slots=True, kw_only=True)
class ImageBudget:
    """Room for images in one request, offered best first.

    Once an image is refused all later ones are: a worse image never takes the place of a better
    one because it happens to be smaller.

    Attributes:
        max_images: How many images.
        max_tokens: How many tokens, all images together.
        max_bytes: How many bytes in base64, all images together.

    Example:
        >>> budget = ImageBudget(max_images=1, max_tokens=5000, max_bytes=1_000_000)
        >>> budget.admit(tokens=900, size=40_000)
        ''
        >>> budget.admit(tokens=900, size=40_000)
        'only 1 image is sent to this model; raise SynthesizerOptions.max_images for more'
    """

    max_images: int
    max_tokens: int
    max_bytes: int
    images: int = 0
    tokens: int = 0
    bytes: int = 0
    refusal: str = ""

    @property
    def closed(self) -> str:
        """Why no image fits any more, known without opening it; empty while there is room."""
        if not self.refusal and self.images >= self.max_images:
            count = f"{self.max_images} image{'s are' if self.max_images != 1 else ' is'}"
            self.refusal = (
                f"only {count} sent to this model; raise SynthesizerOptions.max_images for more"
            )
        return self.refusal

    def admit(self, *, tokens: int, size: int) -> str:
        """Take one image in.

        Args:
            tokens: What it costs.
            size: Its bytes in base64.

        Returns:
            The reason why it was refused, empty when it was taken.
        """
        if self.closed:
            return self.refusal
        if self.tokens + tokens > self.max_tokens:
            self.refusal = (
                f"the image budget of {self.max_tokens:,} tokens is used up; raise "
                f"SynthesizerOptions.image_token_budget for more"
            )
        elif self.bytes + size > self.max_bytes:
            self.refusal = f"the request would be larger than {self.max_bytes:,} bytes"
        else:
            self.images += 1
            self.tokens += tokens
            self.bytes += size
        return self.refusal


@dataclass(frozen=True, slots=True)
class Picture:
    """What becomes of a chunk's image.

    Attributes:
        digest: Identity of the image that is sent for it; empty if none is.
        near: Whether that is not its own image, but another version of it.
        refusal: Why its own image isn't sent although it has one.
    """

    digest: str = ""
    near: bool = False
    refusal: Refusal | None = None


_NEAR = Refusal("nearly the same image of this document is sent for another source", "duplicate")


class Pictures:
    """Images of the sources, in the order in which they are asked for.

    Args:
        profile: The model's limits.
        options: The caller's budgets.
        chunks: All that may be asked for, best first.

    Attributes:
        budget: What was used up.
        images: What is sent, by digest; an image that two sources share is here once.
    """

    def __init__(
        self, profile: ModelLimits, options: SynthesizerOptions, chunks: Sequence[Chunk]
    ) -> None:
        asked = options.max_images if options.max_images is not None else profile.default_images
        limit = min(asked, profile.max_images) if asked is not None else profile.max_images
        refs = {chunk.image.sha256: chunk.image for chunk in chunks if chunk.image is not None}
        for_images, _ = options.budgets(profile.context)
        self.budget = ImageBudget(
            max_images=limit,
            max_tokens=for_images,
            max_bytes=int(profile.max_request_bytes * REQUEST_SLACK),
        )
        self.images: dict[str, PreparedImage] = {}
        self._rule: ImageRule = profile.rule(options.detail, images=min(limit, len(refs)))
        self._near_duplicates = options.near_duplicates
        self._outcomes: dict[str, Picture] = {}
        self._documents: dict[str, list[str]] = {}
        self._ready = self._ahead(list(refs.values()))

    def take(self, chunk: Chunk) -> Picture:
        """What is sent for a chunk's image."""
        ref = chunk.image
        if ref is None:
            return Picture()
        if ref.sha256 not in self._outcomes:
            closed = self.budget.closed
            self._outcomes[ref.sha256] = (
                Picture(refusal=Refusal(closed, "overflow")) if closed else self._admit(chunk, ref)
            )
        return self._outcomes[ref.sha256]

    def tokens_of(self, images: Iterable[PreparedImage]) -> int:
        """What images cost."""
        return sum(self._rule.tokens.count(image.width, image.height) for image in images)

    def _admit(self, chunk: Chunk, ref: ImageRef) -> Picture:
        image = self._ready.pop(ref.sha256, None) or self._prepare(ref)
        if isinstance(image, InputError):
            return Picture(refusal=Refusal(str(image), "unreadable"))
        twin = self._twin(chunk, image)
        if twin is not None:
            return Picture(twin, near=True, refusal=_NEAR)
        problem = self.budget.admit(tokens=self.tokens_of([image]), size=image.base64_size)
        if problem:
            return Picture(refusal=Refusal(problem, "overflow"))
        self.images[ref.sha256] = image
        self._documents.setdefault(chunk.source.uri, []).append(ref.sha256)
        return Picture(ref.sha256)

    def _twin(self, chunk: Chunk, image: PreparedImage) -> str | None:
        # Within one document only: pages of two documents resemble each other without being one.
        if not self._near_duplicates or image.likeness is None:
            return None
        for digest in self._documents.get(chunk.source.uri, ()):
            other = self.images[digest].likeness
            if other is not None and image.likeness.is_near(other):
                return digest
        return None

    def _ahead(self, refs: Sequence[ImageRef]) -> dict[str, PreparedImage | InputError]:
        """Prepare at once what will fit, as far as the images' own sizes tell."""
        budget = ImageBudget(
            max_images=self.budget.max_images,
            max_tokens=self.budget.max_tokens,
            max_bytes=self.budget.max_bytes,
        )
        wanted = []
        for ref in refs:
            size = self._rule.limits.fit(max(1, ref.width), max(1, ref.height))
            if budget.admit(tokens=self._rule.tokens.count(*size), size=0):
                break
            wanted.append(ref)
        threads = min(len(wanted), os.cpu_count() or 1, MOST_THREADS)
        if threads < 2:
            return {}
        with ThreadPoolExecutor(threads, thread_name_prefix="ragsight-images") as pool:
            digests = [ref.sha256 for ref in wanted]
            return dict(zip(digests, pool.map(self._prepare, wanted), strict=True))

    def _prepare(self, ref: ImageRef) -> PreparedImage | InputError:
        try:
            return prepare_image(ref, self._rule.limits)
        except InputError as error:
            return error
