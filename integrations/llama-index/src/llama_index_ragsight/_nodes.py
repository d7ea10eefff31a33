"""A node that gives both its caption and its image, wherever the image is kept."""

from __future__ import annotations

import base64
import logging
from pathlib import Path

from llama_index.core.base.llms.types import BaseContentBlock, ImageBlock, TextBlock
from llama_index.core.schema import MetadataMode, Node, ObjectType, RelatedNodeInfo

from llama_index_ragsight._images import node_image
from ragsight.errors import RagsightError
from ragsight.images import read_image_bytes

logger = logging.getLogger(__name__)

_FETCHED_BY_LLAMA_INDEX = ("http://", "https://", "data:")


class MultimodalNode(Node):
    """A `Node` whose image may be anywhere: in memory, in a file, in a bucket.

    LlamaIndex itself opens paths and web addresses only. Here the image is read where it is kept
    (`s3://...`, `memory://...`) when its content is asked for. One that can't be read any more is
    logged and left out, so that a question is still answered from the text. It is written as a
    `Node`.

    Example:
        >>> from llama_index.core.schema import MediaResource
        >>> node = MultimodalNode(text_resource=MediaResource(text="A pump."))
        >>> [block.text for block in node.get_content_blocks()]
        ['A pump.']
    """

    def get_content_blocks(
        self, metadata_mode: MetadataMode = MetadataMode.NONE
    ) -> list[BaseContentBlock]:
        """The metadata that a mode shows, the text, and the image with its true media type."""
        blocks: list[BaseContentBlock] = list(self.get_metadata_content_blocks(metadata_mode))
        text = self.get_content(MetadataMode.NONE)
        if text:
            blocks.append(TextBlock(text=text))
        if self.image_resource is not None:
            try:
                blocks.append(self._image_block())
            except RagsightError as error:
                logger.warning("Node %s is shown without its image: %s", self.node_id, error)
        return blocks

    def as_related_node_info(self) -> RelatedNodeInfo:
        """How other nodes name this one.

        The type is that of a text: an index would otherwise take the copy from its document store
        instead of the node that a vector store found, and that copy has lost its image.
        """
        info = super().as_related_node_info()
        return info.model_copy(update={"node_type": ObjectType.TEXT})

    def _image_block(self) -> ImageBlock:
        resource = self.image_resource
        mime = None if resource is None else resource.mimetype
        place = node_image(self)
        if isinstance(place, str) and place.startswith(_FETCHED_BY_LLAMA_INDEX):
            return ImageBlock(url=place, image_mimetype=mime)
        if isinstance(place, str) and Path(place).is_file():
            return ImageBlock(path=Path(place), image_mimetype=mime)
        data = place if isinstance(place, bytes) else read_image_bytes(str(place))
        return ImageBlock(image=base64.b64encode(data), image_mimetype=mime)
