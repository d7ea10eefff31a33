"""Word documents as chunks."""

from ragsight.loaders.word.loader import WORD_SUFFIXES, WordLoader

__all__ = ["WORD_SUFFIXES", "WordLoader"]
