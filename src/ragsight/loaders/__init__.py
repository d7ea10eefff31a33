"""Loaders: files to chunks."""

from ragsight.loaders.base import Loader
from ragsight.loaders.catalog import CatalogLoader
from ragsight.loaders.chunking import ChunkingOptions, split_text
from ragsight.loaders.dispatch import discover, load, loader_for
from ragsight.loaders.html import HtmlLoader
from ragsight.loaders.images import ImageLoader
from ragsight.loaders.pdf import PdfLoader, PdfOptions, PdfSettings
from ragsight.loaders.settings import LoadOptions, LoadSettings
from ragsight.loaders.slides import SlideLoader, SlideOptions, SlideSettings
from ragsight.loaders.svg import SvgLoader
from ragsight.loaders.text import TextLoader
from ragsight.loaders.word import WordLoader

__all__ = [
    "CatalogLoader",
    "ChunkingOptions",
    "HtmlLoader",
    "ImageLoader",
    "LoadOptions",
    "LoadSettings",
    "Loader",
    "PdfLoader",
    "PdfOptions",
    "PdfSettings",
    "SlideLoader",
    "SlideOptions",
    "SlideSettings",
    "SvgLoader",
    "TextLoader",
    "WordLoader",
    "discover",
    "load",
    "loader_for",
    "split_text",
]
