"""Opening, checking, referring to and preparing images."""

from ragsight.images.fetch import FetchLimits, afetch_image, fetch_image
from ragsight.images.opening import (
    MAX_PIXELS,
    ImageSource,
    describe_image,
    image_ref,
    open_image,
    read_image_bytes,
)
from ragsight.images.preparing import ImageLimits, PreparedImage, prepare_image
from ragsight.images.thumbnails import thumbnail, thumbnail_data_uri

__all__ = [
    "MAX_PIXELS",
    "FetchLimits",
    "ImageLimits",
    "ImageSource",
    "PreparedImage",
    "afetch_image",
    "describe_image",
    "fetch_image",
    "image_ref",
    "open_image",
    "prepare_image",
    "read_image_bytes",
    "thumbnail",
    "thumbnail_data_uri",
]
