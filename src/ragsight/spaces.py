"""The table of vector spaces and channels: what an index can hold, and how it can be asked.

A vector space is what an encoder makes of one half of a chunk, its text or its image. A channel is
a way to ask a space: by words, or by an image. Store, retrieval, evaluation, gallery and both
adapters go through this table and name no space or channel themselves, so that a new channel is an
encoder and two rows:

    SPACES.add(
        VectorSpace("look", "image"),
        Channel(name="look", space="look", asked_by="image", weight=0.5, meaning="it looks alike"),
    )
    store = MultimodalStore.open("index", encoder=clip, encoders={"look": encoder})
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from ragsight.errors import ConfigurationError

Collection = Literal["text", "image"]
"""The half of a chunk that a vector is of, and the collection that it stands in."""

Form = Literal["dense", "sparse", "multi"]
"""One array `(dimension,)`, weights of terms, or several arrays `(n, dimension)` of one chunk that
are compared by the sum of the best matches (late interaction)."""

AskedBy = Literal["words", "image"]

SpaceName: TypeAlias = str
ChannelName: TypeAlias = str


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """What one encoder makes of chunks.

    Attributes:
        name: Its name; the vectors bear it in Qdrant.
        collection: The half of a chunk that is encoded. Texts are encoded by `encode_documents`
            and asked by `encode_queries`; images by `encode_images`, and asked by that or, in
            words, by `encode_texts`.
        form: How its vectors are made.
        kinds: Kinds of chunks that get a vector, such as `page`; none named means all.

    Example:
        >>> VectorSpace("layout", "image", form="multi", kinds=("page",)).takes("figure")
        False
    """

    name: SpaceName
    collection: Collection
    form: Form = "dense"
    kinds: tuple[str, ...] = ()

    def takes(self, kind: str) -> bool:
        """Whether chunks of a kind get a vector."""
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way to ask a space.

    Attributes:
        name: Its name, as in `weights` and `hit.why`.
        space: The space whose vectors are compared.
        asked_by: What of a query asks it.
        weight: What its voice counts in a fused ranking unless a query says otherwise.
        meaning: What a hit of it says, after "It was found because ...".

    Example:
        >>> SPACES.channels["bm25"].meaning
        "its words match the query's words"
    """

    name: ChannelName
    space: SpaceName
    asked_by: AskedBy
    weight: float
    meaning: str


class SpaceTable:
    """The spaces and channels that there are in this process.

    Example:
        >>> table = SpaceTable()
        >>> table.add(
        ...     VectorSpace("clip", "image"),
        ...     Channel(name="alike", space="clip", asked_by="image", weight=1.0, meaning="alike"),
        ... )
        >>> list(table.channels), table.own_channel("clip").name
        (['alike'], 'alike')
    """

    def __init__(self) -> None:
        self._spaces: dict[SpaceName, VectorSpace] = {}
        self._channels: dict[ChannelName, Channel] = {}

    @property
    def spaces(self) -> Mapping[SpaceName, VectorSpace]:
        """The spaces by name, in the order in which they were added."""
        return MappingProxyType(self._spaces)

    @property
    def channels(self) -> Mapping[ChannelName, Channel]:
        """The channels by name, in the order in which they were added."""
        return MappingProxyType(self._channels)

    def add(self, space: VectorSpace, *channels: Channel) -> None:
        """Add a space, and the channels that ask it.

        Raises:
            ConfigurationError: If a name is taken, or a channel asks another space, a text by an
                image, or has no weight that counts.
        """
        if space.name in self._spaces:
            raise ConfigurationError(f"There is a vector space {space.name!r} already.")
        for channel in channels:
            self._check(channel, space)
        # Made anew rather than changed: others may be going through them.
        self._spaces = {**self._spaces, space.name: space}
        self._channels = {**self._channels, **{channel.name: channel for channel in channels}}

    def remove(self, name: SpaceName) -> None:
        """Take a space out, and the channels that ask it; the indexes that have it keep it."""
        self._spaces = {key: space for key, space in self._spaces.items() if key != name}
        self._channels = {key: c for key, c in self._channels.items() if c.space != name}

    def _check(self, channel: Channel, space: VectorSpace) -> None:
        if channel.name in self._channels:
            raise ConfigurationError(f"There is a channel {channel.name!r} already.")
        if channel.space != space.name:
            raise ConfigurationError(
                f"The channel {channel.name!r} asks {channel.space!r}: add it with that space."
            )
        if channel.asked_by == "image" and space.collection == "text":
            raise ConfigurationError(
                f"The channel {channel.name!r} asks texts by an image, which no encoder does."
            )
        if not 0 <= channel.weight < float("inf"):
            raise ConfigurationError(
                f"The channel {channel.name!r} has the weight {channel.weight}; it must be 0 or "
                "more."
            )

    def own_channel(self, space: SpaceName) -> Channel | None:
        """The channel that asks a space with what is in it: texts with words, images with one."""
        asking = [channel for channel in self._channels.values() if channel.space == space]
        found = self._spaces.get(space)
        own = "image" if found is not None and found.collection == "image" else "words"
        return next((c for c in asking if c.asked_by == own), next(iter(asking), None))

    def space_of(self, channel: ChannelName) -> VectorSpace:
        """The space that a channel asks."""
        return self._spaces[self._channels[channel].space]


BM25 = "bm25"
DENSE = "dense"
CLIP = "clip"

SPACES = SpaceTable()
"""The table: these rows, and those that a program adds."""

SPACES.add(
    VectorSpace(BM25, "text", "sparse"),
    Channel(
        name="bm25",
        space=BM25,
        asked_by="words",
        weight=1.0,
        meaning="its words match the query's words",
    ),
)
SPACES.add(
    VectorSpace(DENSE, "text"),
    Channel(
        name="dense",
        space=DENSE,
        asked_by="words",
        weight=1.0,
        meaning="its text means something similar",
    ),
)
SPACES.add(
    VectorSpace(CLIP, "image"),
    # Half a voice: CLIP ranks every image, whether or not one of them fits, where BM25 is silent
    # about what doesn't match (`benchmarks/fusion.py` measures it).
    Channel(
        name="text_to_image",
        space=CLIP,
        asked_by="words",
        weight=0.5,
        meaning="its picture fits the query's words",
    ),
    Channel(
        name="image_to_image",
        space=CLIP,
        asked_by="image",
        weight=1.0,
        meaning="its picture looks like the query's image",
    ),
)
