"""The multimodal store: two Qdrant collections, one id."""

from __future__ import annotations

import lazy_loader

from ragsight.moved import with_old_names

_attribute, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__getattr__ = with_old_names(
    __name__, _attribute, {"Profile": "IndexManifest", "Found": "ScoredPoint"}
)
