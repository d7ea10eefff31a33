"""Pages of the web, as files, as chunks."""

from ragsight.loaders.html.loader import HTML_SUFFIXES, HtmlLoader

__all__ = ["HTML_SUFFIXES", "HtmlLoader"]
