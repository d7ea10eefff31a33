"""Slide decks to chunks."""

from ragsight.loaders.slides.ahead import paint_ahead
from ragsight.loaders.slides.kinds import SLIDE_SUFFIXES
from ragsight.loaders.slides.loader import SlideLoader
from ragsight.loaders.slides.options import SlideOptions, SlideSettings

__all__ = ["SLIDE_SUFFIXES", "SlideLoader", "SlideOptions", "SlideSettings", "paint_ahead"]
