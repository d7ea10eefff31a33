from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its name everywhere
from transformers import AutoModel, CLIPModel

from checkpoints import FAMILIES, make_clip
from ragsight.encoders.clip.fast_text import fast_text_tower


@pytest.fixture
def model(tmp_path: Path) -> CLIPModel:
    return AutoModel.from_pretrained(make_clip(tmp_path)).eval()


def texts(count: int, length: int, seed: int = 0) -> torch.Tensor:
    """Ids that end at different places, filled up with end tokens."""
    ids = torch.randint(0, 512, (count, length), generator=torch.Generator().manual_seed(seed))
    for row, text in enumerate(ids):
        text[max(1, length - row) - 1 :] = 513
    return ids


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("length", [1, 2, 5, 24])
def test_features_are_the_models_own(model: CLIPModel, count: int, length: int) -> None:
    expected = copy.deepcopy(model)
    embed = fast_text_tower(model)
    assert embed is not None
    ids = texts(count, length)
    with torch.inference_mode():
        reference = expected.get_text_features(input_ids=ids).pooler_output
    assert torch.allclose(embed(ids), reference, atol=1e-6)


def test_old_configurations_end_at_the_highest_id(model: CLIPModel) -> None:
    model.text_model.eos_token_id = 2
    ids = torch.tensor([[512, 2, 7, 513, 8]])
    with torch.inference_mode():
        reference = model.get_text_features(input_ids=ids).pooler_output
    embed = fast_text_tower(model)
    assert embed is not None
    assert torch.allclose(embed(ids), reference, atol=1e-6)


def test_the_model_goes_on_giving_its_features_and_holds_no_weight_twice(model: CLIPModel) -> None:
    ids = texts(3, 9)
    with torch.inference_mode():
        before = model.get_text_features(input_ids=ids).pooler_output
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    embed = fast_text_tower(model)
    assert embed is not None
    with torch.inference_mode():
        after = model.get_text_features(input_ids=ids).pooler_output
    assert torch.allclose(before, after, atol=1e-6)
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    layer = model.text_model.encoder.layers[0]
    kept = {each.untyped_storage().data_ptr() for each in model.parameters()}
    assert embed._tower.blocks[0].qkv.weight.untyped_storage().data_ptr() in kept
    assert (
        embed._tower.blocks[0].out.weight.data_ptr() == layer.self_attn.out_proj.weight.data_ptr()
    )
    assert embed._tower.blocks[0].mlp.inner.weight.data_ptr() == layer.mlp.fc1.weight.data_ptr()
    assert embed._tower.blocks[0].mlp.outer.weight.data_ptr() == layer.mlp.fc2.weight.data_ptr()


@pytest.mark.parametrize("family", ["siglip", "siglip2", "siglip2-naflex", "chinese-clip"])
def test_other_families_are_left_to_transformers(family: str, tmp_path: Path) -> None:
    model = AutoModel.from_pretrained(FAMILIES[family](tmp_path)).eval()
    assert fast_text_tower(model) is None


def test_other_number_formats_and_changed_models_are_left_to_transformers(
    model: CLIPModel,
) -> None:
    assert fast_text_tower(copy.deepcopy(model).half()) is None
    hooked = copy.deepcopy(model)
    hooked.text_model.encoder.layers[0].mlp.fc1.register_forward_hook(lambda *_: None)
    assert fast_text_tower(hooked) is None


def test_a_model_that_computes_something_else_is_noticed(
    model: CLIPModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = model.get_text_features

    def reversed_features(**inputs: torch.Tensor) -> torch.Tensor:
        return own(**inputs).pooler_output.flip(1)

    monkeypatch.setattr(model, "get_text_features", reversed_features)
    assert fast_text_tower(model) is None


def test_damaged_weights_are_left_to_be_reported(model: CLIPModel) -> None:
    with torch.no_grad():
        model.text_projection.weight.fill_(float("nan"))
    assert fast_text_tower(model) is None
    features = F.normalize(model.get_text_features(input_ids=texts(1, 4)).pooler_output)
    assert features.isnan().all()
