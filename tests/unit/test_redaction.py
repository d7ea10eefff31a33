from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answering import passage
from ragsight import MultimodalStore, VisionSynthesizer
from ragsight.answer import AnthropicBackend, OpenAIBackend, OpenAICompatibleBackend, VisionBackend
from ragsight.blobs import BlobStore
from ragsight.cli.session import no_index, open_index
from ragsight.errors import ConfigurationError, ImageError, RagsightError
from ragsight.images import describe_image, read_image_bytes
from ragsight.redaction import without_secrets
from ragsight.store import RetryOptions

SECRETS = ("me", "S3CRET", "t0ken", "fr4gment")
HOST = "127.0.0.1:9"
ADDRESS = f"http://me:S3CRET@{HOST}/v1?key=t0ken&x=t0ken#fr4gment"


def test_an_address_keeps_its_place_and_loses_its_secrets() -> None:
    assert without_secrets(ADDRESS) == f"http://{HOST}/v1?…"
    message = f"GET {ADDRESS}, then '{ADDRESS}' (s3://key:pa@ss@bucket/a/b) failed: 3/4? #5 me@x."
    assert without_secrets(message) == (
        f"GET http://{HOST}/v1?… then 'http://{HOST}/v1?…' (s3://bucket/a/b) failed: 3/4? #5 me@x."
    )


@given(st.text(st.characters(exclude_characters="/?#", exclude_categories=["Z", "C"]), min_size=1))
def test_no_credentials_stay(secret: str) -> None:
    assert without_secrets(f"https://{secret}@host/a") == "https://host/a"


@given(st.text())
def test_text_without_addresses_stays(text: str) -> None:
    plain = text.replace("://", "")
    assert without_secrets(plain) == plain


@pytest.mark.parametrize(
    "make",
    [
        lambda: OpenAICompatibleBackend("m", ADDRESS, max_retries=0),
        lambda: OpenAIBackend("m", base_url=ADDRESS, api_key="k", max_retries=0),
        lambda: AnthropicBackend("m", base_url=ADDRESS, api_key="k", max_retries=0),
    ],
)
def test_model_servers_are_named_without_secrets(make: Callable[[], VisionBackend]) -> None:
    pytest.importorskip("openai")
    pytest.importorskip("anthropic")
    backend = make()
    with pytest.raises(RagsightError) as caught:
        VisionSynthesizer(backend).answer("Why?", [passage()])
    assert HOST in str(caught.value)
    for shown in (str(caught.value), repr(backend), repr(VisionSynthesizer(backend))):
        assert not any(secret in shown for secret in SECRETS[1:])


def test_a_qdrant_server_is_named_without_secrets() -> None:
    with pytest.raises(RagsightError) as caught:
        MultimodalStore.open(ADDRESS, retries=RetryOptions(attempts=1), create=False)
    assert not any(secret in str(caught.value) for secret in SECRETS[1:])
    with pytest.raises(RagsightError) as caught:
        open_index("http://me:S3CRET@127.0.0.1:no?key=t0ken")
    assert not any(secret in str(caught.value) for secret in SECRETS[1:])
    assert "S3CRET" not in no_index(ADDRESS)


def test_places_of_images_are_named_without_secrets() -> None:
    blobs = BlobStore("memory://me:S3CRET@bucket/prefix?key=t0ken")
    assert repr(blobs) == "BlobStore('memory://bucket/prefix?…')"
    for uri in ("ftp://me:S3CRET@127.0.0.1:9/a.png", "nonsense://me:S3CRET@host/a?k=t0ken"):
        with pytest.raises(ImageError) as caught:
            read_image_bytes(uri)
        for shown in (str(caught.value), describe_image(uri)):
            assert not any(secret in shown for secret in SECRETS[1:])
    with pytest.raises(ConfigurationError) as refused:
        BlobStore("nonsense://me:S3CRET@host/a?k=t0ken")
    assert "S3CRET" not in str(refused.value)
