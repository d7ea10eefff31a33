"""Node postprocessors that keep images and look at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.callbacks import CallbackManager, CBEventType, EventPayload
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

from llama_index_ragsight._answers import read_nodes
from llama_index_ragsight._images import OWN_KEY
from ragsight import Hit, Query, VisionBackend
from ragsight import VisionReranker as CoreReranker
from ragsight.errors import ConfigurationError
from ragsight.spaces import SPACES

dispatcher = get_dispatcher(__name__)


class ChannelCutoff(BaseNodePostprocessor):
    """Leaves out nodes that no channel vouches for.

    A single cut-off for all scores throws out the images: cosines of words with images are 0.2 to
    0.35 where those of words with text are 0.5 to 0.9, and fused scores mean neither. Here each
    channel has a cut-off of its own. A node stays if one of the channels that found it reaches its
    cut-off, or has none. Nodes that no ragsight retriever found are judged by their score alone.

    Args:
        similarity_cutoff: Least score of a node, fused or not; by default any.
        channel_cutoffs: Least score by channel (`bm25`, `dense`, `text_to_image`,
            `image_to_image`): a BM25 weight, or a cosine.

    Raises:
        ConfigurationError: If there is no such channel.

    Example:
        >>> from ragsight import Chunk, Hit, Source
        >>> from ragsight.retrieval import ChannelScore
        >>> from llama_index_ragsight import hit_to_node
        >>> found = ChannelScore("text_to_image", 1, 0.12, 0.1)
        >>> node = hit_to_node(Hit(Chunk(text="A mug", source=Source(uri="a")), 0.1, (found,)))
        >>> ChannelCutoff(channel_cutoffs={"text_to_image": 0.2}).postprocess_nodes([node])
        []
    """

    similarity_cutoff: float | None = Field(default=None, description="Least score of a node.")
    channel_cutoffs: dict[str, float] = Field(
        default_factory=dict, description="Least score by channel."
    )

    def __init__(
        self,
        *,
        similarity_cutoff: float | None = None,
        channel_cutoffs: Mapping[str, float] | None = None,
        **fields: Any,
    ) -> None:
        cutoffs = dict(channel_cutoffs) if channel_cutoffs is not None else {}
        for channel in cutoffs:
            if channel not in SPACES.channels:
                raise ConfigurationError(
                    f"There is no channel {channel!r}; there are {', '.join(SPACES.channels)}."
                )
        fields |= {"similarity_cutoff": similarity_cutoff, "channel_cutoffs": cutoffs}
        super().__init__(**fields)

    @classmethod
    def class_name(cls) -> str:
        """Name under which it is written."""
        return "RagsightChannelCutoff"

    def _postprocess_nodes(
        self,
        nodes: list[NodeWithScore],
        query_bundle: QueryBundle | None = None,  # noqa: ARG002 - LlamaIndex's signature
    ) -> list[NodeWithScore]:
        return [node for node in nodes if self._is_enough(node)]

    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        return self._postprocess_nodes(nodes, query_bundle)

    def _is_enough(self, node: NodeWithScore) -> bool:
        least = self.similarity_cutoff
        if least is not None and (node.score is None or node.score < least):
            return False
        own = node.metadata.get(OWN_KEY)
        channels = own.get("channels") if isinstance(own, Mapping) else None
        if not channels:
            return True
        return any(
            said["score"] >= self.channel_cutoffs.get(said["channel"], float("-inf"))
            for said in channels
        )


class VisionRerank(BaseNodePostprocessor):
    """Orders nodes anew by a vision model that looks at text and image of each of them.

    Nodes come back as they are, with the model's grade, 0 to 1, as their score. Those that it
    gave none keep their places. Each batch of nodes is a request; see `ragsight.VisionReranker`.

    Args:
        backend: A ragsight backend, `openai:MODEL` or `anthropic:MODEL`, or a `VisionReranker`.
        top_n: How many nodes to keep; by default all.
        **options: Options of `ragsight.VisionReranker` (`batch_size`, `max_images`, `detail`,
            `parallel`), and `callback_manager`.

    Attributes:
        core: The ragsight reranker.

    Raises:
        ConfigurationError: If the backend's name or an option makes no sense.

    Example:
        >>> from llama_index.core.schema import TextNode
        >>> from ragsight.testing import FakeVisionBackend
        >>> reply = '{"grades": [{"n": 1, "grade": 2}, {"n": 2, "grade": 9}]}'
        >>> nodes = [NodeWithScore(node=TextNode(text=t)) for t in ("A blue mug.", "A red mug.")]
        >>> rerank = VisionRerank(FakeVisionBackend(reply), top_n=1)
        >>> [(n.text, n.score) for n in rerank.postprocess_nodes(nodes, query_str="red mug")]
        [('A red mug.', 0.9)]
    """

    top_n: int | None = Field(default=None, description="How many nodes to keep.")
    _core: CoreReranker = PrivateAttr()

    def __init__(
        self,
        backend: VisionBackend | CoreReranker | str,
        *,
        top_n: int | None = None,
        callback_manager: CallbackManager | None = None,
        **options: Any,
    ) -> None:
        if top_n is not None and top_n < 1:
            raise ConfigurationError(f"top_n is {top_n}; it must be 1 or more.")
        fields: dict[str, Any] = {"top_n": top_n}
        if callback_manager is not None:
            fields["callback_manager"] = callback_manager
        super().__init__(**fields)
        self._core = (
            backend if isinstance(backend, CoreReranker) else CoreReranker(backend, **options)
        )

    @classmethod
    def class_name(cls) -> str:
        """Name under which it is written."""
        return "RagsightVisionRerank"

    @property
    def core(self) -> CoreReranker:
        """The ragsight reranker."""
        return self._core

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        query = _query(query_bundle)
        if query is None or not nodes:
            return nodes[: self.top_n]
        with self._reported(nodes, query_bundle) as reranked:
            hits = self._core(query, _hits(nodes))
            reranked.extend(_placed(nodes, hits)[: self.top_n])
        return reranked

    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        query = _query(query_bundle)
        if query is None or not nodes:
            return nodes[: self.top_n]
        with self._reported(nodes, query_bundle) as reranked:
            hits = await self._core.arerank(query, _hits(nodes))
            reranked.extend(_placed(nodes, hits)[: self.top_n])
        return reranked

    @contextmanager
    def _reported(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None
    ) -> Iterator[list[NodeWithScore]]:
        """Tell LlamaIndex's instrumentation and callbacks of what happens inside."""
        model = self._core.backend.model
        count = self.top_n if self.top_n is not None else len(nodes)
        dispatcher.event(
            ReRankStartEvent(query=query_bundle, nodes=nodes, top_n=count, model_name=model)
        )
        payload: dict[str, Any] = {
            EventPayload.NODES: nodes,
            EventPayload.MODEL_NAME: model,
            EventPayload.QUERY_STR: "" if query_bundle is None else query_bundle.query_str,
            EventPayload.TOP_K: count,
        }
        with self.callback_manager.event(CBEventType.RERANKING, payload=payload) as event:
            reranked: list[NodeWithScore] = []
            yield reranked
            event.on_end(payload={EventPayload.NODES: reranked})
        dispatcher.event(ReRankEndEvent(nodes=reranked))


def _query(bundle: QueryBundle | None) -> Query | None:
    if bundle is None or not (bundle.query_str.strip() or bundle.image_path):
        return None
    return Query(text=bundle.query_str, image=bundle.image_path)


def _hits(nodes: Sequence[NodeWithScore]) -> list[Hit]:
    """The nodes as hits, each under its place: a node may be there twice."""
    chunks = read_nodes(nodes).chunks
    return [
        Hit(replace(chunk, id=str(place)), node.score if node.score is not None else 0.0)
        for place, (node, chunk) in enumerate(zip(nodes, chunks, strict=True))
    ]


def _placed(nodes: Sequence[NodeWithScore], hits: Sequence[Hit]) -> list[NodeWithScore]:
    return [NodeWithScore(node=nodes[int(hit.chunk.id)].node, score=hit.score) for hit in hits]
