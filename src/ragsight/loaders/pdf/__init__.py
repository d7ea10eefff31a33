"""PDF files to chunks: passages by section, figures with their captions, tables, page images."""

from ragsight.loaders.pdf.loader import PdfLoader
from ragsight.loaders.pdf.options import PdfOptions, PdfSettings

__all__ = ["PdfLoader", "PdfOptions", "PdfSettings"]
