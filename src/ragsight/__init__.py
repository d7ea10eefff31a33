"""ragsight: retrieval-augmented generation that sees.

Files become chunks of text and images, chunks become vectors in two Qdrant collections, a
question finds both by words and by pixels in one explained ranking, and a vision model answers
from what was found, citing it.

Example:
    >>> from ragsight import ClipEncoder, MultimodalRetriever, MultimodalStore, ingest
    >>> store = MultimodalStore.open("index", encoder=ClipEncoder())  # doctest: +SKIP
    >>> report = ingest("manuals", store)  # doctest: +SKIP
    >>> hits = MultimodalRetriever(store).retrieve("how do I change the filter?")  # doctest: +SKIP

Nothing heavy is imported until a name that needs it is used.
"""

from __future__ import annotations

import sys

import lazy_loader

from ragsight.moved import MovedModules

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__all__ += ["__version__"]

# First, for the parts of a package that has moved would be found a second time in its folder.
sys.meta_path.insert(0, MovedModules())
