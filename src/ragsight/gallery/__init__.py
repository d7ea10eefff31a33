"""What was found and answered, to look at: as one HTML page, and in a notebook."""

from ragsight.gallery.notebook import Gallery, show
from ragsight.gallery.rendering import render_gallery, write_gallery
from ragsight.gallery.sections import GallerySection

__all__ = ["Gallery", "GallerySection", "render_gallery", "show", "write_gallery"]
