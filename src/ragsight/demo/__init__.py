"""Everything the demo needs without a network: drawings, a shop and a small CLIP model.

The pictures are drawn by code in this package, and the model in `clip/` was trained on such
drawings alone; how, and how the handbook was drawn, stands in `tools/demo` of the repository.
Importing this module loads neither torch nor transformers.
"""

from __future__ import annotations

from pathlib import Path

DEMO_MODEL_NOTE = (
    "This is the demo model that comes with ragsight. It knows only the drawings of the demo "
    "(products, shapes, charts, planets) and no photographs; for real pictures use "
    "openai/clip-vit-base-patch32 or another CLIP model."
)


def demo_model_path() -> Path:
    """The folder of the demo checkpoint, readable by `CLIPModel.from_pretrained`.

    Example:
        >>> sorted(path.suffix for path in demo_model_path().glob("model.*"))
        ['.safetensors']
    """
    return Path(__file__).parent / "clip"


def handbook_path() -> Path:
    """The handbook of the Solar System, a PDF of twelve pages with figures and tables.

    Example:
        >>> handbook_path().name
        'solar-system-handbook.pdf'
    """
    return Path(__file__).parent / "solar-system-handbook.pdf"
