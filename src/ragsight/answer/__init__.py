"""Cited answers from retrieved text and images, by any vision model."""

from ragsight.answer.model.costs import Price
from ragsight.answer.model.messages import (
    Completion,
    ImagePart,
    StreamEvent,
    TextDelta,
    TextPart,
    Usage,
    VisionRequest,
)
from ragsight.answer.model.profiles import ImageRule, ModelProfile, profile_for, register_profile
from ragsight.answer.model.tokens import PatchTokens, TileTokens
from ragsight.answer.providers.abilities import ServerAbilities
from ragsight.answer.providers.anthropic import AnthropicBackend
from ragsight.answer.providers.backend import VisionBackend, resolve_backend
from ragsight.answer.providers.closing import aclosing_stream, closing_stream
from ragsight.answer.providers.compatible import OpenAICompatibleBackend
from ragsight.answer.providers.framework_backend import (
    ModelBackend,
    ModelReply,
    known_ending,
    model_errors,
)
from ragsight.answer.providers.openai import OpenAIBackend
from ragsight.answer.providers.recording import RequestHook, RequestSaver, SentRequest
from ragsight.answer.reply.assembler import finish_answer
from ragsight.answer.reply.citations import find_markers
from ragsight.answer.reply.result import Answer, Citation, DroppedSource, SentImage
from ragsight.answer.request.batching import plan_answer
from ragsight.answer.request.labels import CitedSource, Evidence, cite_sources, question_image
from ragsight.answer.request.options import SynthesizerOptions
from ragsight.answer.request.plan import RequestPlan, TokenEstimate, plan_request
from ragsight.answer.reranking import VisionReranker
from ragsight.answer.streams import AnswerStream, AsyncAnswerStream
from ragsight.answer.synthesizer import VisionSynthesizer

__all__ = [
    "Answer",
    "AnswerStream",
    "AnthropicBackend",
    "AsyncAnswerStream",
    "Citation",
    "CitedSource",
    "Completion",
    "DroppedSource",
    "Evidence",
    "ImagePart",
    "ImageRule",
    "ModelBackend",
    "ModelProfile",
    "ModelReply",
    "OpenAIBackend",
    "OpenAICompatibleBackend",
    "PatchTokens",
    "Price",
    "RequestHook",
    "RequestPlan",
    "RequestSaver",
    "SentImage",
    "SentRequest",
    "ServerAbilities",
    "StreamEvent",
    "SynthesizerOptions",
    "TextDelta",
    "TextPart",
    "TileTokens",
    "TokenEstimate",
    "Usage",
    "VisionBackend",
    "VisionRequest",
    "VisionReranker",
    "VisionSynthesizer",
    "aclosing_stream",
    "cite_sources",
    "closing_stream",
    "find_markers",
    "finish_answer",
    "known_ending",
    "model_errors",
    "plan_answer",
    "plan_request",
    "profile_for",
    "question_image",
    "register_profile",
    "resolve_backend",
]
