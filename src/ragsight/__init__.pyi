"""The public names; `__init__.py` imports each when it is first used."""

from .answer import (
    Answer as Answer,
)
from .answer import (
    AnthropicBackend as AnthropicBackend,
)
from .answer import (
    Citation as Citation,
)
from .answer import (
    OpenAIBackend as OpenAIBackend,
)
from .answer import (
    OpenAICompatibleBackend as OpenAICompatibleBackend,
)
from .answer import (
    Price as Price,
)
from .answer import (
    RequestSaver as RequestSaver,
)
from .answer import (
    SynthesizerOptions as SynthesizerOptions,
)
from .answer import (
    VisionBackend as VisionBackend,
)
from .answer import (
    VisionReranker as VisionReranker,
)
from .answer import (
    VisionSynthesizer as VisionSynthesizer,
)
from .blobs import BlobStore as BlobStore
from .chunks import (
    Chunk as Chunk,
)
from .chunks import (
    ImageRef as ImageRef,
)
from .chunks import (
    Source as Source,
)
from .encoders import (
    DEFAULT_MODEL as DEFAULT_MODEL,
)
from .encoders import (
    DEMO_MODEL as DEMO_MODEL,
)
from .encoders import (
    Bm25Encoder as Bm25Encoder,
)
from .encoders import (
    ClipEncoder as ClipEncoder,
)
from .encoders import (
    ClipOptions as ClipOptions,
)
from .encoders import (
    EncodedImages as EncodedImages,
)
from .encoders import (
    EncoderSpec as EncoderSpec,
)
from .encoders import (
    ImageTextEncoder as ImageTextEncoder,
)
from .encoders import (
    SkippedImage as SkippedImage,
)
from .encoders import (
    TextEncoder as TextEncoder,
)
from .encoders.cache import (
    CachedEncoder as CachedEncoder,
)
from .encoders.cache import (
    EmbeddingCache as EmbeddingCache,
)
from .errors import RagsightError as RagsightError
from .evaluation import (
    Evaluation as Evaluation,
)
from .evaluation import (
    LabelledQuery as LabelledQuery,
)
from .evaluation import (
    evaluate as evaluate,
)
from .evaluation import (
    read_queries as read_queries,
)
from .gallery import (
    Gallery as Gallery,
)
from .gallery import (
    GallerySection as GallerySection,
)
from .gallery import (
    render_gallery as render_gallery,
)
from .gallery import (
    show as show,
)
from .gallery import (
    write_gallery as write_gallery,
)
from .images import (
    image_ref as image_ref,
)
from .images import (
    open_image as open_image,
)
from .ingestion.pipeline import (
    ingest as ingest,
)
from .ingestion.report import (
    IngestReport as IngestReport,
)
from .inspection.pages import (
    Inspection as Inspection,
)
from .inspection.pages import (
    render_inspection as render_inspection,
)
from .inspection.pages import (
    write_inspection as write_inspection,
)
from .loaders import (
    CatalogLoader as CatalogLoader,
)
from .loaders import (
    ChunkingOptions as ChunkingOptions,
)
from .loaders import (
    HtmlLoader as HtmlLoader,
)
from .loaders import (
    ImageLoader as ImageLoader,
)
from .loaders import (
    LoadOptions as LoadOptions,
)
from .loaders import (
    PdfLoader as PdfLoader,
)
from .loaders import (
    PdfOptions as PdfOptions,
)
from .loaders import (
    SlideLoader as SlideLoader,
)
from .loaders import (
    SlideOptions as SlideOptions,
)
from .loaders import (
    SvgLoader as SvgLoader,
)
from .loaders import (
    TextLoader as TextLoader,
)
from .loaders import (
    WordLoader as WordLoader,
)
from .loaders import (
    load as load,
)
from .retrieval import (
    CrossEncoderReranker as CrossEncoderReranker,
)
from .retrieval import (
    Hit as Hit,
)
from .retrieval import (
    MultimodalRetriever as MultimodalRetriever,
)
from .retrieval import (
    Query as Query,
)
from .retrieval import (
    fuse as fuse,
)
from .store import (
    CollectionOptions as CollectionOptions,
)
from .store import (
    ForeignCollections as ForeignCollections,
)
from .store import (
    IndexReport as IndexReport,
)
from .store import (
    MultimodalStore as MultimodalStore,
)
from .store import (
    StoreOptions as StoreOptions,
)
from .store import (
    check_index as check_index,
)
from .store import (
    parse_filter as parse_filter,
)
from .store import (
    repair_index as repair_index,
)

__version__: str
