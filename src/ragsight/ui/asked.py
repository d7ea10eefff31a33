"""What the page may ask, checked."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ragsight.errors import QueryError
from ragsight.retrieval import Query

MOST_HITS = 96
LONGEST_TEXT = 2_000

_Key = Annotated[str, Field(pattern=r"^(kind|source|metadata\.[^.\"\[\]]{1,60})$")]
_Value = Annotated[str, Field(max_length=4096)] | bool
_Number = Annotated[float, Field(allow_inf_nan=False)]


class Bounds(BaseModel):
    """A range of numbers; either end may be open."""

    model_config = ConfigDict(extra="forbid")

    gte: _Number | None = None
    lte: _Number | None = None


class Asked(BaseModel):
    """A search or a question.

    Attributes:
        text: Words.
        image: Token of an image that was sent before.
        like: Id of a chunk to find similar ones of.
        k: How many hits.
        choices: Values by filter key, of which one must hold.
        ranges: Bounds by filter key.

    Example:
        >>> asked = Asked(text="shoes", choices={"kind": ["product"]})
        >>> asked.filter()
        {'and': [{'kind': ['product']}]}
    """

    model_config = ConfigDict(extra="forbid")

    text: str = Field(default="", max_length=LONGEST_TEXT)
    image: str | None = Field(default=None, max_length=100)
    like: str | None = Field(default=None, max_length=1_000)
    k: int = Field(default=24, ge=1, le=MOST_HITS)
    choices: dict[_Key, list[_Value]] = Field(default_factory=dict)
    ranges: dict[_Key, Bounds] = Field(default_factory=dict)

    def filter(self) -> dict[str, Any] | None:
        """What every hit must fulfil."""
        conditions: list[dict[str, Any]] = [
            {key: values} for key, values in self.choices.items() if values
        ]
        for key, bounds in self.ranges.items():
            if ends := bounds.model_dump(exclude_none=True):
                conditions.append({key: ends})
        return {"and": conditions} if conditions else None

    def query(self, image: bytes | None) -> Query:
        """The query for a retriever.

        Args:
            image: The image that the token stands for.
        """
        words = self.text.strip() or None
        return Query(text=words, image=image, like=self.like, k=self.k, filter=self.filter())


def read_asked(body: bytes) -> Asked:
    """Read what the page sent.

    Raises:
        QueryError: If it isn't what the page sends.
    """
    try:
        return Asked.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise QueryError(f"The request can't be used: {place}: {first['msg']}.") from error
