"""What strict mode refuses for want of an index: which one it asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from qdrant_client import models
from qdrant_client.http.exceptions import UnexpectedResponse

from ragsight.errors import StoreError

_LACKING = re.compile(
    r'Index required but not found for "(?P<key>.*)" of one of the following types: '
    r"\[(?P<kinds>[^\]]*)\]"
)
_NO_MORE_INDEXES = "maximum number of payload indices"


@dataclass(frozen=True, slots=True)
class LackingIndex:
    """An index that a server with strict mode wants before it filters.

    Attributes:
        key: Path in the payload.
        kinds: Kinds of index, of which one would do.
    """

    key: str
    kinds: Sequence[str]

    @property
    def kind(self) -> models.PayloadSchemaType:
        """The kind to make: words where they do, since any value may follow."""
        return models.PayloadSchemaType("keyword" if "keyword" in self.kinds else self.kinds[0])


def lacking_index(error: BaseException | None) -> LackingIndex | None:
    """The index that a refusal asks for; None if it was for something else."""
    found = None if error is None else _LACKING.search(_words(error))
    if found is None:
        return None
    return LackingIndex(found["key"], [kind.strip() for kind in found["kinds"].split(",")])


def may_have_no_more(error: BaseException | None) -> bool:
    """Whether an index was refused because the collection has as many as it may have."""
    return error is not None and _NO_MORE_INDEXES in _words(error)


def not_made(place: str, collection: str, lacking: LackingIndex, reason: object) -> StoreError:
    """The error for an index that can't be made."""
    kind = lacking.kind.value
    return StoreError(
        f"{place}: strict mode of the server lets a filter ask for {lacking.key!r} only with an "
        f"index of kind {kind!r}, and that can't be made here ({reason}). Leave the key out of the "
        f"filter, or let someone who may write to {collection!r} make it: "
        f"create_payload_index({collection!r}, {lacking.key!r}, {kind!r})."
    )


def _words(error: BaseException) -> str:
    """What a server says, over REST and gRPC."""
    if isinstance(error, UnexpectedResponse):
        try:
            return str(json.loads(error.content)["status"]["error"])
        except (ValueError, KeyError, TypeError):
            return error.content.decode(errors="replace")
    details = getattr(error, "details", None)
    return str(details()) if callable(details) else str(error)
