r"""Office files as people see them: decks painted and converted by LibreOffice, and safety checks.

What a picture looks like depends on fonts. With these a machine without Microsoft's fonts comes
close: Carlito (for Calibri), Caladea (Cambria), Liberation (Arial, Times New Roman, Courier New),
and Noto CJK for Chinese, Japanese and Korean. On Debian and Ubuntu:

    apt install libreoffice-impress-nogui fonts-crosextra-carlito fonts-crosextra-caladea \
        fonts-liberation fonts-noto-cjk
"""

from ragsight.loaders.slides.painting.cache import RenderCache
from ragsight.loaders.slides.painting.converting import convert
from ragsight.loaders.slides.painting.deck import DeckFacts, SlideRenders
from ragsight.loaders.slides.painting.opening import RenderMode, open_renders
from ragsight.loaders.slides.painting.package import check_package
from ragsight.loaders.slides.painting.preparing import prepare_renders

__all__ = [
    "DeckFacts",
    "RenderCache",
    "RenderMode",
    "SlideRenders",
    "check_package",
    "convert",
    "open_renders",
    "prepare_renders",
]
