"""The shape of the demo checkpoint and how it is written to a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transformers import CLIPModel, CLIPTokenizer

SIDE = 64
PATCH = 8
WIDTH = 128
DIMENSION = 96
POSITIONS = 48
# Of the drawings: mostly pale paper, so that the background sits near zero.
MEAN = (0.785, 0.768, 0.759)
STD = (0.267, 0.280, 0.290)
_PIXELS = {
    "image_processor_type": "CLIPImageProcessor",
    "processor_class": "CLIPProcessor",
    "do_convert_rgb": True,
    "do_resize": True,
    "size": {"shortest_edge": SIDE},
    "resample": 3,
    "do_center_crop": True,
    "crop_size": {"height": SIDE, "width": SIDE},
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": MEAN,
    "image_std": STD,
}


def configuration(tokenizer: CLIPTokenizer) -> dict[str, Any]:
    """Arguments of `CLIPConfig` for a model that fits the tokenizer.

    The end token's id is named explicitly: with the id 2, an old default, transformers would pool
    at the highest id in the text instead.
    """
    return {
        "projection_dim": DIMENSION,
        "text_config": {
            "vocab_size": len(tokenizer),
            "hidden_size": WIDTH,
            "intermediate_size": WIDTH * 4,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "max_position_embeddings": POSITIONS,
            "projection_dim": DIMENSION,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        "vision_config": {
            "hidden_size": WIDTH,
            "intermediate_size": WIDTH * 4,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "image_size": SIDE,
            "patch_size": PATCH,
            "projection_dim": DIMENSION,
        },
    }


def save(model: CLIPModel, tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Write the model, its tokenizer and its image processor as transformers reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # The older layout of two files beside tokenizer.json, for readers that don't know it.
    tokenizer.backend_tokenizer.model.save(str(folder))
    pixels = json.dumps(_PIXELS, indent=2)
    (folder / "preprocessor_config.json").write_text(f"{pixels}\n", encoding="utf-8")
