"""Answers in the form of a pydantic model, with the sources of each field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, PydanticUserError, ValidationError

from ragsight.answer.model.messages import Completion, VisionRequest
from ragsight.answer.reply.assembler import reply_warnings, sent_images
from ragsight.answer.reply.repairing import mended
from ragsight.answer.reply.result import Answer, Citation
from ragsight.answer.request.plan import RequestPlan
from ragsight.answer.request.sanitize import SENTINEL
from ragsight.errors import ConfigurationError

_FENCE = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL | re.IGNORECASE)

MOST_PROBLEMS = 5
"""How many faults of a reply the model is told of."""

_RULES = f"""

The form of this answer is different: reply with one JSON object and nothing around it. It has
- "data": an object that follows the JSON schema below, without any [n] markers in it, or null if \
the sources don't hold the answer (instead of {SENTINEL});
- "citations": a list with an entry for each field of "data" that a source supports, such as \
{{"field": "price", "sources": [1, 3]}}. A field inside another one is written "seller.name".

JSON schema of "data":
"""


@dataclass(frozen=True, slots=True)
class StructuredReply:
    """A reply that has the form that was asked for.

    Attributes:
        data: The model's instance; `None` if the sources don't hold the answer.
        fields: By number of the source, the fields that it supports.
        invalid: Numbers that were cited and no source has.
    """

    data: BaseModel | None
    fields: Mapping[int, tuple[str, ...]]
    invalid: tuple[int, ...]

    def answer(self, plan: RequestPlan, reply: Completion) -> Answer:
        """The answer; its text is the data as JSON."""
        chunks = {source.n: source.cited.chunk for source in plan.sources}
        text = plan.nothing_found if self.data is None else self.data.model_dump_json(indent=2)
        warnings = [*plan.warnings, *reply_warnings(plan, text, reply)]
        if self.invalid:
            numbers = ", ".join(str(n) for n in self.invalid)
            warnings.append(f"The model cited {numbers}, which no source has; that was taken out.")
        if self.data is not None and not self.fields:
            warnings.append("The answer cites no source; check it before you rely on it.")
        return Answer(
            text=text,
            citations=tuple(Citation(n, chunks[n], (), names) for n, names in self.fields.items()),
            sources=tuple(chunks.values()),
            dropped=plan.dropped,
            images=sent_images(plan),
            abstained=self.data is None,
            invalid_citations=self.invalid,
            data=self.data,
            model=reply.model,
            finish_reason=reply.finish_reason,
            warnings=tuple(warnings),
        )


class Schema:
    """The form of an answer.

    Args:
        model: A pydantic model class.

    Raises:
        ConfigurationError: If it is none, or has no JSON schema.

    Example:
        >>> class Offer(BaseModel):
        ...     price: float
        >>> Schema(Offer).name
        'Offer'
    """

    def __init__(self, model: type[BaseModel]) -> None:
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise ConfigurationError(f"schema={model!r}: give a class that derives from BaseModel.")
        self._model = model
        try:
            self._schema = model.model_json_schema()
        except PydanticUserError as error:
            raise ConfigurationError(f"{model.__name__} has no JSON schema: {error}") from error

    @property
    def name(self) -> str:
        """The model class's name."""
        return self._model.__name__

    def asked_of(self, request: VisionRequest) -> VisionRequest:
        """The request for an answer of this form."""
        text = json.dumps(self._schema, ensure_ascii=False)
        return replace(request, system=f"{request.system}{_RULES}{text}", schema=self._envelope())

    def again(self, request: VisionRequest, reply: str, problem: str) -> VisionRequest:
        """The request once more, with what was wrong with the reply."""
        ask = f"It can't be used: {problem}. Reply again, with the JSON object alone."
        return mended(request, reply, ask)

    def read(self, text: str, plan: RequestPlan) -> StructuredReply | str:
        """Read a reply.

        Args:
            text: The reply.
            plan: What was asked.

        Returns:
            What it says, or why it can't be used, in words for the model.
        """
        stripped = text.strip()
        if stripped.strip("*_`[]. ") == SENTINEL:
            return StructuredReply(None, {}, ())
        fenced = _FENCE.fullmatch(stripped)
        try:
            reply = json.loads(fenced[1] if fenced is not None else stripped)
        except (ValueError, RecursionError) as error:
            return f"it is not JSON ({error})"
        if not isinstance(reply, dict) or "data" not in reply:
            return 'it is no object with "data" and "citations"'
        fields, invalid = _citations(reply.get("citations"), {s.n for s in plan.sources})
        if reply["data"] is None:
            return StructuredReply(None, {}, ())
        try:
            # As JSON and not as Python: only then strict models take dates and tuples.
            data = self._model.model_validate_json(json.dumps(reply["data"]))
        except ValidationError as error:
            return _problems(error)
        return StructuredReply(data, fields, invalid)

    def _envelope(self) -> dict[str, Any]:
        schema = dict(self._schema)
        definitions = schema.pop("$defs", None)
        citation = {
            "type": "object",
            "properties": {
                "field": {"type": "string"},
                "sources": {"type": "array", "items": {"type": "integer"}},
            },
            "required": ["field", "sources"],
        }
        envelope: dict[str, Any] = {
            "type": "object",
            "properties": {
                "data": {"anyOf": [schema, {"type": "null"}]},
                "citations": {"type": "array", "items": citation},
            },
            "required": ["data", "citations"],
        }
        return envelope if definitions is None else envelope | {"$defs": definitions}


def _citations(
    entries: object, valid: set[int]
) -> tuple[dict[int, tuple[str, ...]], tuple[int, ...]]:
    """Fields by source, and numbers that no source has; entries of another form are left out."""
    fields: dict[int, list[str]] = {}
    invalid: dict[int, None] = {}
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("field"), str):
            continue
        for n in _numbers(entry.get("sources")):
            if n not in valid:
                invalid[n] = None
            elif entry["field"] not in fields.setdefault(n, []):
                fields[n].append(entry["field"])
    return {n: tuple(names) for n, names in fields.items()}, tuple(invalid)


def _numbers(values: object) -> Sequence[int]:
    listed = values if isinstance(values, list) else [values]
    # In Python True is a number, in JSON it isn't.
    return [n for n in listed if isinstance(n, int) and not isinstance(n, bool)]


def _problems(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[:MOST_PROBLEMS]
    return "; ".join(
        f'"data{"".join(f".{part}" for part in problem["loc"])}": {problem["msg"]}'
        for problem in found
    )
