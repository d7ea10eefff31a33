"""LangChain components for ragsight: multimodal retrieval and cited answers from text and images.

Example:
    >>> from langchain_core.runnables import RunnablePassthrough
    >>> from langchain_ragsight import MultimodalRetriever, VisionSynthesizer
    >>> retriever = MultimodalRetriever(store=store, k=6)  # doctest: +SKIP
    >>> synthesizer = VisionSynthesizer("openai:gpt-5.4-mini")  # doctest: +SKIP
    >>> found = {"context": retriever, "question": RunnablePassthrough()}  # doctest: +SKIP
    >>> (found | synthesizer).invoke("How do I change the filter?")  # doctest: +SKIP
"""

from __future__ import annotations

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__all__ += ["__version__"]
