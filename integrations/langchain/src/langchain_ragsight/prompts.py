"""Documents as a message with image blocks, for any chat model."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import run_in_executor

from langchain_ragsight._inputs import as_chunks
from langchain_ragsight._profiles import ANY_MODEL
from ragsight import ImageRef, SynthesizerOptions
from ragsight.answer import (
    ImagePart,
    ModelLimits,
    RequestPlan,
    TextPart,
    VisionRequest,
    plan_request,
)
from ragsight.errors import ConfigurationError, InputError
from ragsight.images import ImageLimits, PreparedImage, prepare_image

_LOG = logging.getLogger("ragsight")

NO_SOURCES = (
    "No sources were found for the user's question. Say so, and don't answer from your own "
    "knowledge."
)


def multimodal_prompt(
    question: str,
    documents: Sequence[Document],
    *,
    options: SynthesizerOptions | None = None,
    profile: ModelLimits | None = None,
) -> list[BaseMessage]:
    """Word a question and its documents, text and images, for any chat model.

    Each document is a numbered source, its image right after its label as a standard LangChain
    image block, scaled to what the model looks at. The documents' text is data: it is put into
    no template, and what in it could pass for an instruction's delimiter is neutralised.

    The numbers follow the documents; one that repeats another, or whose image can't be opened and
    which has no text, gets none. To have the citations mapped back, use `VisionSynthesizer`,
    which takes a chat model too.

    Args:
        question: The question.
        documents: What to answer from, best first.
        options: Budgets, order, instructions of your own.
        profile: The model's limits; by default cautious ones that any model keeps within.

    Returns:
        A system message and a human message.

    Raises:
        QueryError: If the question is empty.

    Example:
        >>> found = [Document(page_content="The valve opens at 3 bar.")]
        >>> messages = multimodal_prompt("When does the valve open?", found)
        >>> [message.type for message in messages]
        ['system', 'human']
    """
    options = options if options is not None else SynthesizerOptions()
    limits = next(p for p in (profile, options.profile, ANY_MODEL) if p is not None)
    plan = plan_request(question, as_chunks(documents), limits, options)
    if plan.request is None:
        return [SystemMessage(NO_SOURCES), HumanMessage(question)]
    return request_messages(plan.request)


def images_of(
    documents: Sequence[Document],
    *,
    limit: int | None = None,
    detail: str | None = None,
    profile: ModelLimits | None = None,
) -> list[dict[str, Any]]:
    """The images of documents as content blocks, for a message to any chat model.

    Each image comes once, in the order of the documents, upright and scaled to what the model looks
    at. One that can't be opened is left out, with a warning in the log.

    Args:
        documents: Documents of ragsight's, also from a store that holds flat metadata only.
        limit: How many images at the most; by default what the profile says.
        detail: `low`, `high`, ... for OpenAI: given, the blocks are `image_url` blocks, since
            LangChain drops the detail of a standard image block.
        profile: The model's limits; by default cautious ones that any model keeps within.

    Returns:
        `{"type": "image", "base64": ..., "mime_type": ...}` for each.

    Raises:
        ConfigurationError: If the profile doesn't know the detail.

    Example:
        >>> images_of([Document(page_content="No picture here.")])
        []
    """
    limits = profile if profile is not None else ANY_MODEL
    most = limit if limit is not None else limits.default_images
    level = limits.level(detail if detail is not None else "auto")
    if level is None:
        raise ConfigurationError(
            f"detail={detail!r}: {limits.name} knows {', '.join(limits.rules)}."
        )
    chunks = as_chunks(documents)
    refs = {chunk.image.sha256: chunk.image for chunk in chunks if chunk.image is not None}
    rule = limits.rule(level, images=len(refs) if most is None else min(most, len(refs)))
    blocks: list[dict[str, Any]] = []
    for prepared in _prepared(list(refs.values()), rule.limits):
        if most is not None and len(blocks) >= most:
            break
        blocks.append(_image_block(prepared, detail))
    return blocks


async def aimages_of(documents: Sequence[Document], **options: Any) -> list[dict[str, Any]]:
    """The images of documents, read and scaled in a thread; see `images_of`."""
    return await run_in_executor(None, lambda: images_of(documents, **options))


def _prepared(images: Sequence[ImageRef], limits: ImageLimits) -> Iterator[PreparedImage]:
    for image in images:
        try:
            yield prepare_image(image, limits)
        except InputError as error:
            _LOG.warning("An image was left out: %s", error)


def source_blocks(plan: RequestPlan) -> list[dict[str, Any]]:
    """The sources of a plan as content blocks, without the question."""
    if plan.request is None:
        return []
    blocks = [_block(part) for part in plan.request.parts]
    # The question stands last, and no source can hold its delimiter: they are neutralised.
    rest = str(blocks.pop()["text"]).rpartition("<question>")[0].rstrip()
    return [*blocks, {"type": "text", "text": rest}] if rest else blocks


def request_messages(request: VisionRequest, *, detail: str | None = None) -> list[BaseMessage]:
    """A ragsight request as LangChain messages with standard content blocks.

    Args:
        request: The request.
        detail: How closely to look at its images, for OpenAI; see `images_of`.
    """
    blocks: list[str | dict[str, Any]] = [_block(part, detail) for part in request.parts]
    return [SystemMessage(request.system), HumanMessage(content=blocks)]


def _block(part: TextPart | ImagePart, detail: str | None = None) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    return _image_block(part.image, detail)


def _image_block(image: PreparedImage, detail: str | None = None) -> dict[str, Any]:
    if detail is not None:
        return {"type": "image_url", "image_url": {"url": image.data_uri, "detail": detail}}
    return {"type": "image", "base64": image.base64, "mime_type": image.mime}
