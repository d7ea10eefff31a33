"""Ask a model to mend a reply of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ragsight.answer.model.messages import TextPart, VisionRequest


def repair_request(
    request: VisionRequest, reply: str, invalid: Sequence[int], sources: int
) -> VisionRequest:
    """Ask once more, for an answer that cites only what there is.

    Args:
        request: What was asked.
        reply: What came back.
        invalid: Numbers that it cites and no source has.
        sources: How many sources there are.

    Returns:
        The request with the reply and what is wrong with it at its end.
    """
    wrong = ", ".join(f"[{n}]" for n in invalid)
    return mended(
        request,
        reply,
        f"It cites {wrong}, but the sources are numbered from 1 to {sources}. Write the answer "
        f"again. Cite for each statement the source that supports it, by its number. Leave out "
        f"what no source supports.",
    )


def mended(request: VisionRequest, reply: str, problem: str) -> VisionRequest:
    """The request with an earlier reply and what is wrong with it at its end."""
    text = f"<reply>\n{reply.strip()}\n</reply>\nThis was your reply. {problem}"
    return replace(request, parts=(*request.parts, TextPart(text)))
