"""The public names; `__init__.py` imports each when it is first used."""

from ._convert import (
    chunk_to_document as chunk_to_document,
)
from ._convert import (
    chunk_to_node as chunk_to_node,
)
from ._convert import (
    hit_to_node as hit_to_node,
)
from ._convert import (
    node_to_chunk as node_to_chunk,
)
from ._images import with_image_digests as with_image_digests
from ._nodes import MultimodalNode as MultimodalNode
from .chat_engines import (
    VisionCondensePlusContextChatEngine as VisionCondensePlusContextChatEngine,
)
from .chat_engines import (
    VisionContextChatEngine as VisionContextChatEngine,
)
from .embeddings import ClipEmbedding as ClipEmbedding
from .llms import LlamaIndexBackend as LlamaIndexBackend
from .postprocessors import (
    ChannelCutoff as ChannelCutoff,
)
from .postprocessors import (
    VisionRerank as VisionRerank,
)
from .readers import (
    CatalogReader as CatalogReader,
)
from .readers import (
    FileReader as FileReader,
)
from .readers import (
    ImageReader as ImageReader,
)
from .readers import (
    PdfReader as PdfReader,
)
from .readers import (
    SlideReader as SlideReader,
)
from .response_synthesizers import VisionSynthesizer as VisionSynthesizer
from .retrievers import MultimodalRetriever as MultimodalRetriever
from .text_encoders import EmbeddingTextEncoder as EmbeddingTextEncoder
from .tools import MultimodalQueryEngineTool as MultimodalQueryEngineTool
from .vector_stores import MultimodalVectorStore as MultimodalVectorStore
