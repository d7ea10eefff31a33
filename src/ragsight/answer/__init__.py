"""Cited answers from retrieved text and images, by any vision model."""

from ragsight.answer.abilities import ServerAbilities
from ragsight.answer.anthropic import AnthropicBackend
from ragsight.answer.backend import VisionBackend, resolve_backend
from ragsight.answer.batching import plan_answer
from ragsight.answer.citations import find_markers
from ragsight.answer.closing import aclosing_stream, closing_stream
from ragsight.answer.compatible import OpenAICompatibleBackend
from ragsight.answer.costs import Price
from ragsight.answer.finishing import finish_answer
from ragsight.answer.foreign import ModelBackend, ModelReply, known_ending, model_errors
from ragsight.answer.labels import CitedSource, Evidence, cite_sources, question_image
from ragsight.answer.openai import OpenAIBackend
from ragsight.answer.options import SynthesizerOptions
from ragsight.answer.planning import RequestPlan, TokenEstimate, plan_request
from ragsight.answer.profiles import ImageRule, ModelProfile, profile_for, register_profile
from ragsight.answer.recording import RequestHook, RequestSaver, SentRequest
from ragsight.answer.request import (
    Completion,
    ImagePart,
    StreamEvent,
    TextDelta,
    TextPart,
    Usage,
    VisionRequest,
)
from ragsight.answer.reranking import VisionReranker
from ragsight.answer.result import Answer, Citation, DroppedSource, SentImage
from ragsight.answer.streams import AnswerStream, AsyncAnswerStream
from ragsight.answer.synthesizer import VisionSynthesizer
from ragsight.answer.tokens import PatchTokens, TileTokens

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
