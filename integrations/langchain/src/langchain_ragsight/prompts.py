"""Documents as a message with image blocks, for any chat model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from langchain_ragsight._inputs import as_chunks
from langchain_ragsight._profiles import ANY_MODEL
from ragsight import SynthesizerOptions
from ragsight.answer import ImagePart, ModelProfile, TextPart, VisionRequest, plan_request

NO_SOURCES = (
    "No sources were found for the user's question. Say so, and don't answer from your own "
    "knowledge."
)


def multimodal_prompt(
    question: str,
    documents: Sequence[Document],
    *,
    options: SynthesizerOptions | None = None,
    profile: ModelProfile | None = None,
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


def request_messages(request: VisionRequest) -> list[BaseMessage]:
    """A ragsight request as LangChain messages with standard content blocks."""
    blocks: list[str | dict[str, Any]] = [_block(part) for part in request.parts]
    return [SystemMessage(request.system), HumanMessage(content=blocks)]


def _block(part: TextPart | ImagePart) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    return {"type": "image", "base64": part.image.base64, "mime_type": part.image.mime}
