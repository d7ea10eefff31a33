"""The public names; `__init__.py` imports each when it is first used."""

from ._convert import (
    chunk_to_document as chunk_to_document,
)
from ._convert import (
    document_to_chunk as document_to_chunk,
)
from ._convert import (
    hit_to_document as hit_to_document,
)
from ._flat import flatten_document as flatten_document
from .chat_models import ChatModelBackend as ChatModelBackend
from .document_compressors import MultimodalCompressor as MultimodalCompressor
from .document_loaders import (
    CatalogLoader as CatalogLoader,
)
from .document_loaders import (
    ChunkLoader as ChunkLoader,
)
from .document_loaders import (
    FileLoader as FileLoader,
)
from .document_loaders import (
    ImageLoader as ImageLoader,
)
from .document_loaders import (
    PdfLoader as PdfLoader,
)
from .document_loaders import (
    SlideLoader as SlideLoader,
)
from .document_parsers import (
    CatalogParser as CatalogParser,
)
from .document_parsers import (
    ImageParser as ImageParser,
)
from .document_parsers import (
    PdfParser as PdfParser,
)
from .document_parsers import (
    SlideParser as SlideParser,
)
from .embeddings import (
    ClipEmbeddings as ClipEmbeddings,
)
from .embeddings import (
    EmbeddingsTextEncoder as EmbeddingsTextEncoder,
)
from .prompts import (
    aimages_of as aimages_of,
)
from .prompts import (
    images_of as images_of,
)
from .prompts import (
    multimodal_prompt as multimodal_prompt,
)
from .retrievers import MultimodalRetriever as MultimodalRetriever
from .structured_query import FilterTranslator as FilterTranslator
from .synthesizers import (
    AnswerSynthesizer as AnswerSynthesizer,
)
from .synthesizers import (
    VisionSynthesizer as VisionSynthesizer,
)
from .tools import create_multimodal_retriever_tool as create_multimodal_retriever_tool
from .vectorstores import MultimodalVectorStore as MultimodalVectorStore

__version__: str
