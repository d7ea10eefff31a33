"""Answers as they are written: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from ragsight.answer import VisionSynthesizer
from ragsight.errors import RagsightError
from ragsight.retrieval import Channel, Hit
from ragsight.ui.rendering import render_result


async def answer_lines(
    synthesizer: VisionSynthesizer,
    question: str,
    hits: Sequence[Hit],
    *,
    weights: Mapping[Channel, float] | None = None,
) -> AsyncGenerator[str, None]:
    """Answer a question, line by line.

    Args:
        synthesizer: Asks the model.
        question: The question.
        hits: What was found.
        weights: By channel, to be shown beside the hits.

    Yields:
        First `{"html": ...}`, the sources; then `{"text": ...}`, piece by piece; at the end
        `{"html": ...}`, the answer with its sources. If the answer breaks off: `{"error": ...}`.
    """
    yield _line(html=render_result(hits, weights=weights))
    stream = synthesizer.astream(question, hits)
    try:
        async for piece in stream:
            yield _line(text=piece)
        yield _line(html=render_result(hits, answer=stream.answer, weights=weights))
    except RagsightError as error:
        yield _line(error=str(error))
    finally:
        # Who reads this may have gone: then the model needn't go on.
        await stream.aclose()


def _line(**values: Any) -> str:
    return json.dumps(values) + "\n"
