"""Trains the small CLIP checkpoint of the demo from nothing but its own drawings.

Run `python -m tools.demo.training.train --out src/ragsight/demo/clip`; it takes some ten minutes
on two cores. The same settings on the same machine and library versions give the same weights.
Training needs torch 2.9 and transformers 5; using the checkpoint doesn't.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

from ragsight.demo.palette import COLOURS, PATTERNS
from tools.demo.training.batches import KINDS, NO_LABEL, Batch, Batches
from tools.demo.training.captions import caption
from tools.demo.training.checkpoint import POSITIONS, WIDTH, configuration, save
from tools.demo.training.pool import render
from tools.demo.training.samples import Sample, training_samples
from tools.demo.training.start import head_start
from tools.demo.training.tokens import train_tokenizer
from tools.demo.training.words import GENERAL_WORDS

_LARGEST_SCALE = math.log(100)
_TOKENIZER_TEXTS = 30_000
_REPORT_EVERY = 100


@dataclass(frozen=True)
class Settings:
    """How long and how hard to train.

    Attributes:
        steps: Number of batches.
        batch: Pictures in a batch.
        matrix_rate: Highest learning rate of the weight matrices, for Muon.
        rate: Highest learning rate of everything else, for AdamW.
        hint: Weight of the labels' loss at the start; it falls to nothing.
        warmup: Steps until the learning rates are at their highest.
        vocabulary: Number of tokens.
        seed: Start of all random numbers.
        threads: Threads of torch, and processes that draw.
    """

    steps: int = 1600
    batch: int = 64
    matrix_rate: float = 0.02
    rate: float = 0.002
    hint: float = 0.5
    warmup: int = 60
    vocabulary: int = 1_600
    seed: int = 20_240
    threads: int = 2


class Hints(nn.Module):
    """Heads that name kind, colour and pattern from the image; thrown away after training."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (len(KINDS), len(COLOURS), len(PATTERNS))
        self.heads = nn.ModuleList([nn.Linear(WIDTH, size) for size in sizes])

    def forward(self, pooled: Tensor, labels: Tensor) -> Tensor:
        """The sum of the three cross-entropies.

        Args:
            pooled: Image features before the projection, (pictures, WIDTH).
            labels: Numbers of kind, colour and pattern, (pictures, 3).
        """
        losses = [
            functional.cross_entropy(head(pooled), labels[:, column], ignore_index=NO_LABEL)
            for column, head in enumerate(self.heads)
        ]
        return torch.stack(losses).sum()


def train(settings: Settings, out: Path, samples: Sequence[Sample] | None = None) -> CLIPModel:
    """Draw the pictures, learn the vocabulary, train the model and save it.

    Args:
        settings: Steps, batch size, learning rates and seed.
        out: Folder for the checkpoint; made if it isn't there.
        samples: What to train on; all training samples when left out.

    Returns:
        The trained model, in evaluation mode.
    """
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    rng = Random(settings.seed)
    chosen = list(samples if samples is not None else training_samples())
    tokenizer = _learn_tokenizer(chosen, settings, rng)
    pictures = render(chosen, workers=settings.threads)
    _say(f"{len(chosen)} pictures drawn, {len(tokenizer)} tokens")
    model = CLIPModel(CLIPConfig(**configuration(tokenizer)))
    head_start(model, pictures)
    _fit(model, Batches(chosen, pictures, tokenizer, rng), settings)
    model.train(mode=False)
    save(model, tokenizer, out)
    return model


def contrastive_loss(images: Tensor, texts: Tensor, scale: Tensor, unknown: Tensor) -> Tensor:
    """Symmetric InfoNCE with extra wrong captions and pairs that don't count.

    Args:
        images: Embeddings (pictures, dimension).
        texts: Embeddings (captions, dimension); the first ones belong to the pictures in order.
        scale: Log of the inverse temperature.
        unknown: Pairs to leave out, (pictures, captions).

    Returns:
        The mean of both directions; the extra captions enter only picture to caption.
    """
    logits = scale.exp() * functional.normalize(images) @ functional.normalize(texts).T
    logits = logits.masked_fill(unknown, float("-inf"))
    targets = torch.arange(len(images))
    to_text = functional.cross_entropy(logits, targets)
    to_image = functional.cross_entropy(logits[:, : len(images)].T, targets)
    return (to_text + to_image) / 2


def _fit(model: CLIPModel, batches: Batches, settings: Settings) -> None:
    hints = Hints()
    optimisers = _optimisers(model, hints, settings)
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(each, lambda step: _pace(step, settings))
        for each in optimisers
    ]
    model.train()
    started, mean = time.monotonic(), 0.0
    for step in range(settings.steps):
        hint = settings.hint * (1 - step / settings.steps)
        loss = _loss(model, hints, batches.draw(settings.batch), hint)
        model.zero_grad()
        hints.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser, schedule in zip(optimisers, schedules, strict=True):
            optimiser.step()
            schedule.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, _LARGEST_SCALE)
        mean += (loss.item() - mean) / min(step + 1, _REPORT_EVERY)
        if (step + 1) % _REPORT_EVERY == 0:
            _say(f"step {step + 1}: loss {mean:.3f}, {time.monotonic() - started:.0f} s")


def _loss(model: CLIPModel, hints: Hints, batch: Batch, weight: float) -> Tensor:
    pooled = model.vision_model(pixel_values=batch.pixels).pooler_output
    read = model.text_model(**batch.tokens).pooler_output
    images, texts = model.visual_projection(pooled), model.text_projection(read)
    loss = contrastive_loss(images, texts, model.logit_scale, batch.unknown)
    hinted: Tensor = hints(pooled, batch.labels)
    return loss + weight * hinted


def _optimisers(model: CLIPModel, hints: Hints, settings: Settings) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024) for the layers' matrices, AdamW for all else.

    With AdamW alone the same accuracy takes several times as many steps.
    """
    named = list(model.named_parameters())
    matrices = [p for name, p in named if p.ndim == 2 and "embedding" not in name]
    chosen = {id(p) for p in matrices}
    others = [p for _, p in named if id(p) not in chosen]
    return [
        torch.optim.Muon(matrices, lr=settings.matrix_rate, momentum=0.95, weight_decay=0.01),
        torch.optim.AdamW(
            [*others, *hints.parameters()], lr=settings.rate, betas=(0.9, 0.98), weight_decay=0.0
        ),
    ]


def _pace(step: int, settings: Settings) -> float:
    """Linear warm-up, then half a cosine down to nothing."""
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    share = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return 0.5 * (1 + math.cos(math.pi * share))


def _learn_tokenizer(samples: list[Sample], settings: Settings, rng: Random) -> CLIPTokenizer:
    texts = [caption(rng.choice(samples), rng).text for _ in range(_TOKENIZER_TEXTS)]
    return train_tokenizer([*texts, *GENERAL_WORDS * 20], settings.vocabulary, POSITIONS)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> None:
    """Train with the settings from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    parser.add_argument("--steps", type=int, default=Settings.steps)
    parser.add_argument("--threads", type=int, default=Settings.threads)
    arguments = parser.parse_args()
    train(Settings(steps=arguments.steps, threads=arguments.threads), arguments.out)


if __name__ == "__main__":
    main()
