"""Ways to turn images and texts into CLIP vectors: the peers of `encode.py`, and ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Vectors = np.ndarray
EmbedFiles = Callable[[Sequence[Path]], Vectors]
EmbedText = Callable[[str], Vectors]

BATCH = 16
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


@dataclass(frozen=True)
class Setup:
    """What every contender gets: the checkpoint, a folder of its own, and a number of threads."""

    checkpoint: Path
    folder: Path
    threads: int


@dataclass(frozen=True)
class Contender:
    """One way to make vectors.

    Attributes:
        name: As in the tables.
        peer: Which of `PEERS` it belongs to.
        files: Makes a function from image files to vectors, where it can.
        text: Makes a function from one query to its vector, where it can.
        same_weights: Whether it has the checkpoint's weights, so that its vectors can be compared.
    """

    name: str
    peer: str
    files: Callable[[Setup], EmbedFiles] | None = None
    text: Callable[[Setup], EmbedText] | None = None
    same_weights: bool = True


def unit(rows: Any) -> Vectors:
    """Rows of length 1 as numpy float32."""
    array = np.asarray(rows, np.float32)
    return array / np.linalg.norm(array, axis=-1, keepdims=True)


_LOADED: dict[tuple[str, Path], Any] = {}


def once(name: str, setup: Setup, load: Callable[[], Any]) -> Any:
    """Load a model once for all contenders that share it."""
    key = (name, setup.checkpoint)
    if key not in _LOADED:
        _LOADED[key] = load()
    return _LOADED[key]


def transformers_parts(setup: Setup) -> tuple[Any, Any]:
    """The model and its Pillow processor, as one loads them following the documentation."""

    def load() -> tuple[Any, Any]:
        from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel, CLIPProcessor

        model = CLIPModel.from_pretrained(setup.checkpoint).eval()
        images = CLIPImageProcessorPil.from_pretrained(setup.checkpoint)
        tokenizer = AutoTokenizer.from_pretrained(setup.checkpoint)
        return model, CLIPProcessor(images, tokenizer)

    parts: tuple[Any, Any] = once("transformers", setup, load)
    return parts


def features(output: Any) -> Any:
    """The vectors in what `get_image_features` gives."""
    return getattr(output, "pooler_output", output)


def tutorial_loop(setup: Setup) -> EmbedFiles:
    """One image at a time: open, process, forward, normalise."""
    import torch

    model, processor = transformers_parts(setup)

    def embed(path: Path) -> Vectors:
        inputs = processor(images=Image.open(path), return_tensors="pt")
        with torch.no_grad():
            found = features(model.get_image_features(**inputs))
        found = found / found.norm(p=2, dim=-1, keepdim=True)
        row: Vectors = found.numpy()[0]
        return row

    return lambda paths: np.stack([embed(path) for path in paths])


def tutorial_batched(setup: Setup) -> EmbedFiles:
    """The tutorial's batches: all images opened, then processed at once."""
    import torch

    model, processor = transformers_parts(setup)

    def embed(paths: Sequence[Path]) -> Vectors:
        images = [Image.open(path).convert("RGB") for path in paths]
        inputs = processor(images=images, return_tensors="pt", padding=True)
        with torch.no_grad():
            found = features(model.get_image_features(**inputs))
        return unit((found / found.norm(p=2, dim=-1, keepdim=True)).numpy())

    return embed


def transformers_batched(setup: Setup) -> EmbedFiles:
    """Batches of `BATCH` through the processor, under `inference_mode`."""
    import torch

    model, processor = transformers_parts(setup)

    def embed(paths: Sequence[Path]) -> Vectors:
        rows = []
        for start in range(0, len(paths), BATCH):
            images = [Image.open(path) for path in paths[start : start + BATCH]]
            with torch.inference_mode():
                inputs = processor(images=images, return_tensors="pt")
                rows.append(features(model.get_image_features(**inputs)).numpy())
        return unit(np.concatenate(rows))

    return embed


def llama_index_loop(setup: Setup) -> EmbedFiles:
    """The loop of llama-index-embeddings-clip, emulated.

    It needs OpenAI's `clip` from its repository, and weights that this downloads. For each image it
    calls `preprocess` (resize, crop, normalise) and `encode_image` on a batch of one, then
    `tolist`. Here the same steps go around transformers' model.
    """
    import torch

    model, _ = transformers_parts(setup)

    def embed(path: Path) -> list[float]:
        with torch.no_grad():
            pixels = preprocess(Image.open(path)).unsqueeze(0)
            row: list[float] = features(model.get_image_features(pixel_values=pixels)).tolist()[0]
            return row

    def preprocess(image: Image.Image) -> Any:
        scale = 224 / min(image.size)
        size = tuple(max(224, int(side * scale)) for side in image.size)
        resized = image.resize(size, Image.Resampling.BICUBIC)
        left, top = (round((side - 224) / 2) for side in resized.size)
        cropped = resized.crop((left, top, left + 224, top + 224)).convert("RGB")
        values = torch.from_numpy(np.array(cropped)).permute(2, 0, 1).contiguous().float() / 255
        return (values - torch.from_numpy(MEAN)[:, None, None]) / torch.from_numpy(STD)[
            :, None, None
        ]

    return lambda paths: unit([embed(path) for path in paths])


def open_clip_model(setup: Setup) -> Any:
    """open_clip's own ViT-B/32, with random weights of its own: the shapes are the same."""
    import open_clip

    def load() -> Any:
        model, _, preprocess = open_clip.create_model_and_transforms("ViT-B-32-quickgelu")
        return model.eval(), preprocess, open_clip.get_tokenizer("ViT-B-32-quickgelu")

    return once("open_clip", setup, load)


def open_clip_files(setup: Setup) -> EmbedFiles:
    """The loop of open_clip's README, in batches of `BATCH`."""
    import torch

    model, preprocess, _ = open_clip_model(setup)

    def embed(paths: Sequence[Path]) -> Vectors:
        rows = []
        for start in range(0, len(paths), BATCH):
            images = [preprocess(Image.open(path)) for path in paths[start : start + BATCH]]
            with torch.no_grad():
                rows.append(model.encode_image(torch.stack(images), normalize=True).numpy())
        return np.concatenate(rows)

    return embed


def open_clip_text(setup: Setup) -> EmbedText:
    """open_clip pads every text to 77 tokens."""
    import torch

    model, _, tokenizer = open_clip_model(setup)

    def embed(text: str) -> Vectors:
        with torch.no_grad():
            row: Vectors = model.encode_text(tokenizer([text]), normalize=True).numpy()[0]
            return row

    return embed


def sentence_transformer(setup: Setup) -> Any:
    """sentence-transformers around the checkpoint."""

    def load() -> Any:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import CLIPModel

        return SentenceTransformer(modules=[CLIPModel(str(setup.checkpoint))], device="cpu")

    return once("sentence-transformers", setup, load)


def sentence_transformers_files(setup: Setup) -> EmbedFiles:
    """`encode` of opened images, as its documentation does."""
    model = sentence_transformer(setup)
    return lambda paths: unit(
        model.encode(
            [Image.open(path) for path in paths], batch_size=BATCH, show_progress_bar=False
        )
    )


def sentence_transformers_text(setup: Setup) -> EmbedText:
    """`encode` of one query."""
    model = sentence_transformer(setup)
    return lambda text: unit(model.encode(text, show_progress_bar=False))


def transformers_text(padding: bool | str) -> Callable[[Setup], EmbedText]:
    """Processor and model, with the padding that examples use."""

    def make(setup: Setup) -> EmbedText:
        import torch

        model, processor = transformers_parts(setup)

        def embed(text: str) -> Vectors:
            inputs = processor(text=[text], return_tensors="pt", padding=padding, truncation=True)
            with torch.no_grad():
                return unit(features(model.get_text_features(**inputs)).numpy()[0])

        return embed

    return make


def our_encoder(setup: Setup, backend: str, exact: bool) -> Any:
    """Our encoder of a backend."""

    def load() -> Any:
        from ragsight.encoders import ClipEncoder, ClipOptions

        options = ClipOptions(threads=setup.threads, cache_folder=setup.folder / "onnx")
        encoder = ClipEncoder(str(setup.checkpoint), backend=backend, exact=exact, options=options)
        encoder.encode_texts(["export, if need be"])
        return encoder

    return once(f"ours {backend} {exact}", setup, load)


def our_contender(
    name: str, backend: str = "torch", *, exact: bool = False, same_weights: bool = True
) -> Contender:
    """One of our ways, as a contender; texts are the same whether `exact` or not."""

    def files(setup: Setup) -> EmbedFiles:
        embed: EmbedFiles = our_encoder(setup, backend, exact).encode_images
        return embed

    def text(setup: Setup) -> EmbedText:
        encoder = our_encoder(setup, backend, exact)
        return lambda query: encoder.encode_texts([query])[0]

    return Contender(name, "ours", files, None if exact else text, same_weights)


CONTENDERS = (
    Contender("tutorial, one by one", "transformers", files=tutorial_loop),
    Contender("tutorial, batched", "transformers", files=tutorial_batched),
    Contender("transformers, batches of 16", "transformers", files=transformers_batched),
    Contender("transformers, padding=True", "transformers", text=transformers_text(True)),
    Contender("transformers, padded to 77", "transformers", text=transformers_text("max_length")),
    Contender("llama-index loop (emulated)", "llama-index", files=llama_index_loop),
    Contender(
        "open_clip", "open_clip", files=open_clip_files, text=open_clip_text, same_weights=False
    ),
    Contender(
        "sentence-transformers",
        "sentence-transformers",
        files=sentence_transformers_files,
        text=sentence_transformers_text,
    ),
    our_contender("ragsight, torch, exact", exact=True),
    our_contender("ragsight, torch"),
    our_contender("ragsight, onnx", "onnx"),
    our_contender("ragsight, onnx int8", "onnx-int8"),
)
"""The first that does a task is what the others are compared with."""

PEERS = tuple(dict.fromkeys(contender.peer for contender in CONTENDERS))
