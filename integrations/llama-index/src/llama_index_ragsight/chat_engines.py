"""LlamaIndex's chat engines, with images that reach the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.callbacks import CallbackManager
from llama_index.core.chat_engine import CondensePlusContextChatEngine, ContextChatEngine
from llama_index.core.llms import LLM

from llama_index_ragsight.llms import LlamaIndexBackend
from llama_index_ragsight.response_synthesizers import VisionSynthesizer
from ragsight import SynthesizerOptions


class VisionContextChatEngine(ContextChatEngine):
    """A `ContextChatEngine` whose model sees the images of what was found, and cites it.

    LlamaIndex's own gives its model the nodes' text alone. Everything else is as there: memory,
    postprocessors, `chat`, `stream_chat`, `achat` and `astream_chat`. The conversation so far goes
    between the instructions and the sources; `system_prompt` adds to the instructions. The model
    is one of LlamaIndex's that sees images. The context templates are not used: how sources are
    shown is ragsight's.

    Attributes:
        options: How nodes become a request; may be set.

    Example:
        >>> from ragsight import MultimodalStore
        >>> from llama_index.core.llms import MockLLM
        >>> from llama_index_ragsight import MultimodalRetriever
        >>> store = MultimodalStore.open("index")  # doctest: +SKIP
        >>> engine = VisionContextChatEngine.from_defaults(
        ...     MultimodalRetriever(store), llm=MockLLM(is_chat_model=True)
        ... )  # doctest: +SKIP
        >>> engine.chat("Which part is marked 4?")  # doctest: +SKIP
    """

    options: SynthesizerOptions = SynthesizerOptions()

    def _get_response_synthesizer(  # type: ignore[override] # only `synthesize` is called
        self, chat_history: list[ChatMessage], streaming: bool = False
    ) -> VisionSynthesizer:
        prefix = list(self._prefix_messages)
        system = ""
        if prefix and prefix[0].role in {MessageRole.SYSTEM, self._llm.metadata.system_role}:
            content = prefix.pop(0).content
            system = content if content is not None else ""
        return _synthesizer(
            self._llm,
            [*prefix, *chat_history],
            _with_instructions(self.options, system),
            streaming,
            self.callback_manager,
        )


class VisionCondensePlusContextChatEngine(CondensePlusContextChatEngine):
    """A `CondensePlusContextChatEngine` whose model sees the images of what was found.

    The question is condensed with the conversation as there, and searched for; the answer is
    given as in `VisionContextChatEngine`.

    Attributes:
        options: How nodes become a request; may be set.

    Example:
        >>> from ragsight import MultimodalStore
        >>> from llama_index.core.llms import MockLLM
        >>> from llama_index_ragsight import MultimodalRetriever
        >>> store = MultimodalStore.open("index")  # doctest: +SKIP
        >>> engine = VisionCondensePlusContextChatEngine.from_defaults(
        ...     MultimodalRetriever(store), llm=MockLLM(is_chat_model=True)
        ... )  # doctest: +SKIP
        >>> engine.chat("And the one beside it?")  # doctest: +SKIP
    """

    options: SynthesizerOptions = SynthesizerOptions()

    def _get_response_synthesizer(  # type: ignore[override] # only `synthesize` is called
        self, chat_history: list[ChatMessage], streaming: bool = False
    ) -> VisionSynthesizer:
        system = self._system_prompt if self._system_prompt is not None else ""
        options = _with_instructions(self.options, system)
        return _synthesizer(self._llm, chat_history, options, streaming, self.callback_manager)


def _with_instructions(options: SynthesizerOptions, system: str) -> SynthesizerOptions:
    parts = [part.strip() for part in (options.instructions, system) if part.strip()]
    return replace(options, instructions="\n\n".join(parts))


def _synthesizer(
    llm: LLM,
    history: Sequence[ChatMessage],
    options: SynthesizerOptions,
    streaming: bool,
    callback_manager: CallbackManager,
) -> VisionSynthesizer:
    backend = LlamaIndexBackend(llm, history=history)
    return VisionSynthesizer(
        backend, options=options, streaming=streaming, callback_manager=callback_manager
    )
