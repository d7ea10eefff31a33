"""Records of finished sources: which file, in which state, gave which chunks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ragsight.characters import encodable
from ragsight.chunks import NAMESPACE
from ragsight.store.engines.base import Point
from ragsight.store.payloads import node_fields
from ragsight.store.schema import METADATA_KEY, OWN_KEY, RECORD_KIND, TEXT_KEY


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """Written after the last chunk of a source, so that a run that broke off is seen as such.

    Attributes:
        uri: The source.
        fingerprint: Digest of the file and the loader's options.
        chunk_ids: Ids of its chunks.
        problems: What in it had to be left out.
    """

    uri: str
    fingerprint: str
    chunk_ids: tuple[str, ...]
    problems: tuple[str, ...] = ()

    def to_point(self) -> Point:
        """The record as a point without vectors, which no search can find."""
        uri = encodable(self.uri)
        own = {
            "kind": RECORD_KIND,
            "source": {"uri": uri},
            "fingerprint": self.fingerprint,
            "chunk_ids": list(self.chunk_ids),
            "problems": [encodable(problem) for problem in self.problems],
        }
        id_ = record_id(uri)
        # Without the fields of a node, LlamaIndex's store can't list the collection.
        node = node_fields(uri, id_, "", {})
        return Point(id_, {**node, TEXT_KEY: "", METADATA_KEY: {}, OWN_KEY: own})

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> SourceRecord:
        """Read what `to_point` wrote."""
        own = payload[OWN_KEY]
        return cls(
            own["source"]["uri"],
            own["fingerprint"],
            tuple(own["chunk_ids"]),
            tuple(own["problems"]),
        )


def record_id(uri: str) -> str:
    """Point id of a source's record."""
    return str(uuid.uuid5(NAMESPACE, f"{RECORD_KIND} {encodable(uri)}"))
