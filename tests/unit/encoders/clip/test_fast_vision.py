from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F  # noqa: N812
from transformers import (
    ChineseCLIPConfig,
    ChineseCLIPModel,
    CLIPConfig,
    CLIPModel,
    Siglip2Config,
    Siglip2Model,
    SiglipConfig,
    SiglipModel,
)

from checkpoints import IMAGE_SIZE, PATCH_SIZE
from ragsight.encoders.clip.fast_vision import fast_vision_tower, reference_features
from ragsight.errors import EncoderError

SIZE = {
    "hidden_size": 32,
    "intermediate_size": 96,
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
}
PIXELS = {"image_size": IMAGE_SIZE, "patch_size": PATCH_SIZE}
TEXT = {**SIZE, "vocab_size": 8, "bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
NORMALISATION: dict[str, Any] = {
    "mean": [0.48, 0.46, 0.41],
    "std": [0.27, 0.26, 0.28],
    "rescale": 1 / 255,
}


def random_weights(model: Any) -> Any:
    """Weights large enough for every part of the tower to matter."""
    random = torch.Generator().manual_seed(0)
    for weight in model.parameters():
        scale = weight.shape[-1] ** -0.5 if weight.dim() > 1 else 0.5
        nn.init.normal_(weight, std=1.5 * scale, generator=random)
    return model.eval()


def clip(**vision: Any) -> Any:
    settings = {**SIZE, **PIXELS, **vision}
    return random_weights(
        CLIPModel(CLIPConfig(text_config=TEXT, vision_config=settings, projection_dim=16))
    )


def siglip(**vision: Any) -> Any:
    settings = {**SIZE, **PIXELS, **vision}
    return random_weights(SiglipModel(SiglipConfig(text_config=TEXT, vision_config=settings)))


def chinese_clip() -> Any:
    config = ChineseCLIPConfig(
        text_config={**TEXT, "pad_token_id": 0},
        vision_config={**SIZE, **PIXELS},
        projection_dim=16,
    )
    return random_weights(ChineseCLIPModel(config))


def pixels(count: int, size: int = IMAGE_SIZE, seed: int = 1) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    shape = (count, size, size, 3)
    return torch.randint(0, 256, shape, generator=random).to(torch.uint8)


def tower(model: Any) -> Any:
    found = fast_vision_tower(model, **NORMALISATION)
    assert found is not None
    return found


def least_cosine(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return F.cosine_similarity(ours.double(), theirs.double()).min().item()


KNOWN: dict[str, Callable[[], Any]] = {
    "clip": clip,
    "clip with gelu": lambda: clip(hidden_act="gelu"),
    "clip of one layer": lambda: clip(num_hidden_layers=1),
    "clip with pixels left over": lambda: clip(image_size=IMAGE_SIZE + 3),
    "clip with a narrow mlp": lambda: clip(intermediate_size=16),
    "siglip": siglip,
    "siglip of one layer": lambda: siglip(num_hidden_layers=1),
    "chinese-clip": chinese_clip,
}


@pytest.mark.parametrize("make", KNOWN.values(), ids=KNOWN)
def test_features_are_those_of_the_model(make: Callable[[], Any]) -> None:
    model = make()
    images = pixels(5, model.config.vision_config.image_size)
    expected = reference_features(model, images, **NORMALISATION)
    features = tower(model)(images)
    assert features.dtype == torch.float32
    assert least_cosine(features, expected) >= 0.999999
    # What all images have in common could hide what is wrong.
    mean = expected.mean(dim=0)
    assert least_cosine(features - mean, expected - mean) >= 0.99999
    torch.testing.assert_close(features, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("make", [clip, siglip])
def test_half_precision_is_followed_as_far_as_it_goes(
    make: Callable[[], Any], dtype: torch.dtype
) -> None:
    expected = reference_features(make(), pixels(4), **NORMALISATION)
    model = make().to(dtype)
    theirs = least_cosine(reference_features(model, pixels(4), **NORMALISATION).float(), expected)
    ours = least_cosine(tower(model)(pixels(4)), expected)
    # Ours rounds no more often than the model itself does.
    assert 1 - ours <= 2 * (1 - theirs) + 1e-6


def test_the_batch_changes_no_features() -> None:
    embed = tower(clip())
    images = pixels(6)
    alone = torch.cat([embed(images[index : index + 1]) for index in range(6)])
    torch.testing.assert_close(embed(images), alone, rtol=1e-4, atol=1e-5)


@given(
    mean=st.lists(st.floats(-1, 1), min_size=3, max_size=3),
    std=st.lists(st.floats(0.05, 2), min_size=3, max_size=3),
    rescale=st.floats(1e-4, 1),
)
@settings(max_examples=15, deadline=None)
def test_any_normalisation_can_be_folded_into_the_patches(
    mean: list[float], std: list[float], rescale: float
) -> None:
    model = clip(num_hidden_layers=1)
    embed = fast_vision_tower(model, mean=mean, std=std, rescale=rescale)
    assert embed is not None
    expected = reference_features(model, pixels(2), mean=mean, std=std, rescale=rescale)
    assert least_cosine(embed(pixels(2)), expected) >= 0.99999


def test_the_model_keeps_its_values_and_no_weights_are_kept_twice() -> None:
    model = clip()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    embed = tower(model)
    torch.testing.assert_close(dict(model.state_dict()), before, rtol=0, atol=0)
    attention = model.vision_model.encoder.layers[0].self_attn
    fused = embed._tower.blocks[0].qkv.weight
    assert attention.q_proj.weight.data_ptr() == fused.data_ptr()
    assert attention.k_proj.weight.untyped_storage().data_ptr() == fused.data_ptr()
    inner = embed._tower.blocks[0].mlp.inner.weight
    assert inner.data_ptr() == model.vision_model.encoder.layers[0].mlp.fc1.weight.data_ptr()


def test_a_tower_made_in_inference_mode_leaves_a_model_that_can_be_trained() -> None:
    model = clip()
    with torch.inference_mode():
        tower(model)(pixels(1))
    model.get_image_features(pixel_values=torch.zeros(1, 3, IMAGE_SIZE, IMAGE_SIZE))[
        "pooler_output"
    ].sum().backward()
    assert model.vision_model.encoder.layers[0].self_attn.q_proj.weight.grad is not None


def test_one_tower_serves_several_threads() -> None:
    embed = tower(clip())
    batches = [pixels(3, seed=seed) for seed in range(12)]
    expected = [embed(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for found, wanted in zip(pool.map(embed, batches), expected, strict=True):
            torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize(
    "wrong",
    [
        pixels(1, IMAGE_SIZE + PATCH_SIZE),
        pixels(1).float(),
        pixels(1).permute(0, 3, 1, 2),
    ],
)
def test_pixels_that_the_model_does_not_take_are_refused(wrong: torch.Tensor) -> None:
    with pytest.raises(EncoderError, match=r"takes torch\.uint8 of shape \(images, 32, 32, 3\)"):
        tower(clip())(wrong)


class OwnLinear(nn.Linear):
    """Computes something else than a linear layer."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(values)


class OwnClip(CLIPModel):
    """A model of the user's own."""


def with_own_layer(model: Any) -> Any:
    width = SIZE["hidden_size"]
    model.vision_model.encoder.layers[1].self_attn.v_proj = OwnLinear(width, width)
    return model.eval()


def with_hook(model: Any) -> Any:
    model.vision_model.encoder.layers[0].mlp.register_forward_hook(lambda *_: None)
    return model


def with_nan(model: Any) -> Any:
    with torch.no_grad():
        model.visual_projection.weight.fill_(float("nan"))
    return model


def with_two_dtypes(model: Any) -> Any:
    model.vision_model.post_layernorm.double()
    return model


def naflex() -> Any:
    vision = {**SIZE, "patch_size": PATCH_SIZE, "num_patches": 16}
    return Siglip2Model(Siglip2Config(text_config=TEXT, vision_config=vision)).eval()


UNKNOWN: dict[str, Callable[[], Any]] = {
    "another activation": lambda: clip(hidden_act="relu"),
    "a layer of another class": lambda: with_own_layer(clip()),
    "a class of the user's own": lambda: OwnClip(clip().config).eval(),
    "a hook": lambda: with_hook(clip()),
    "training": lambda: clip().train(),
    "weights that aren't finite": lambda: with_nan(clip()),
    "weights of two dtypes": lambda: with_two_dtypes(clip()),
    "float64": lambda: clip().double(),
    "patches of any number": naflex,
    "no pooling": lambda: siglip(vision_use_head=False),
    "grey images": lambda: clip(num_channels=1),
}


@pytest.mark.parametrize("make", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_exactly_is_left_to_the_model(make: Callable[[], Any]) -> None:
    assert fast_vision_tower(make(), **NORMALISATION) is None


def test_a_model_that_computes_something_else_than_it_seems_to_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = clip()
    plain = model.get_image_features
    monkeypatch.setattr(
        model,
        "get_image_features",
        lambda pixel_values: plain(pixel_values=pixel_values.flip(-1)),
    )
    assert fast_vision_tower(model, **NORMALISATION) is None
