"""The public names; `__init__.py` imports each when it is first used."""

from .model.costs import Price as Price
from .model.messages import (
    Completion as Completion,
)
from .model.messages import (
    ImagePart as ImagePart,
)
from .model.messages import (
    StreamEvent as StreamEvent,
)
from .model.messages import (
    TextDelta as TextDelta,
)
from .model.messages import (
    TextPart as TextPart,
)
from .model.messages import (
    Usage as Usage,
)
from .model.messages import (
    VisionRequest as VisionRequest,
)
from .model.profile import (
    PatchTokens as PatchTokens,
)
from .model.profile import (
    TileTokens as TileTokens,
)
from .model.profiles import (
    ImageRule as ImageRule,
)
from .model.profiles import (
    ModelLimits as ModelLimits,
)
from .providers.abilities import ServerAbilities as ServerAbilities
from .providers.anthropic import AnthropicBackend as AnthropicBackend
from .providers.backend import (
    VisionBackend as VisionBackend,
)
from .providers.backend import (
    resolve_backend as resolve_backend,
)
from .providers.closing import (
    aclosing_stream as aclosing_stream,
)
from .providers.closing import (
    closing_stream as closing_stream,
)
from .providers.compatible import OpenAICompatibleBackend as OpenAICompatibleBackend
from .providers.framework_backend import (
    ModelBackend as ModelBackend,
)
from .providers.framework_backend import (
    ModelReply as ModelReply,
)
from .providers.framework_backend import (
    known_ending as known_ending,
)
from .providers.framework_backend import (
    model_errors as model_errors,
)
from .providers.openai import OpenAIBackend as OpenAIBackend
from .providers.recording import (
    RequestHook as RequestHook,
)
from .providers.recording import (
    RequestSaver as RequestSaver,
)
from .providers.recording import (
    SentRequest as SentRequest,
)
from .providers.table import (
    profile_for as profile_for,
)
from .providers.table import (
    provider_of as provider_of,
)
from .providers.table import (
    register_profile as register_profile,
)
from .reply.assembler import finish_answer as finish_answer
from .reply.citations import find_markers as find_markers
from .reply.result import (
    Answer as Answer,
)
from .reply.result import (
    Citation as Citation,
)
from .reply.result import (
    SentImage as SentImage,
)
from .request.dropped import DroppedSource as DroppedSource
from .request.labels import (
    CitedSource as CitedSource,
)
from .request.labels import (
    Evidence as Evidence,
)
from .request.labels import (
    cite_sources as cite_sources,
)
from .request.labels import (
    question_image as question_image,
)
from .request.options import SynthesizerOptions as SynthesizerOptions
from .request.plan import (
    RequestPlan as RequestPlan,
)
from .request.plan import (
    TokenEstimate as TokenEstimate,
)
from .request.plan import plan_answer as plan_answer
from .request.plan import (
    plan_request as plan_request,
)
from .reranking import VisionReranker as VisionReranker
from .streams import (
    AnswerStream as AnswerStream,
)
from .streams import (
    AsyncAnswerStream as AsyncAnswerStream,
)
from .synthesizer import VisionSynthesizer as VisionSynthesizer
