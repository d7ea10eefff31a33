from __future__ import annotations

import base64
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.errors import ImageError
from ragsight.images.uris import decode_data_uri, is_data_uri, is_web_address, redact_url


@given(st.binary(max_size=200), st.integers(1, 80))
def test_content_comes_out_of_a_data_uri_as_it_went_in(data: bytes, width: int) -> None:
    encoded = base64.b64encode(data).decode()
    lines = "\n".join(encoded[start : start + width] for start in range(0, len(encoded), width))
    for payload in (encoded, lines, encoded.rstrip("="), encoded.replace("+", "%2B")):
        assert decode_data_uri(f"data:image/png;base64,{payload}") == data
    assert decode_data_uri(f"DATA:,{quote_from_bytes(data)}") == data


@given(st.text(max_size=60))
def test_any_other_data_uri_is_an_image_error_or_bytes(rest: str) -> None:
    for head in ("data:", "data:;base64,"):
        try:
            data = decode_data_uri(head + rest)
        except ImageError:
            continue
        assert isinstance(data, bytes)


@pytest.mark.parametrize(
    "uri", ["data:image/png;base64", "nothing", "data:;base64,A", "data:;base64,ü"]
)
def test_what_is_no_data_uri_is_refused(uri: str) -> None:
    with pytest.raises(ImageError, match="characters: "):
        decode_data_uri(uri)


@pytest.mark.parametrize("size", [11, 10_000])
def test_a_data_uri_over_the_limit_is_refused(size: int) -> None:
    content = base64.b64encode(bytes(size)).decode()
    with pytest.raises(ImageError, match="limit of 10 bytes"):
        decode_data_uri(f"data:;base64,{content}", max_bytes=10)
    assert decode_data_uri(f"data:;base64,{base64.b64encode(bytes(10)).decode()}", max_bytes=10)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:key@x.org:8443/a/b.png?sig=key#key", "https://x.org:8443/a/b.png?…"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("https://x.org:notaport/key", "https://…"),
        ("https://x.org/" + "a" * 300, "https://x.org/" + "a" * 199 + "…"),
    ],
)
def test_addresses_are_shown_without_what_may_be_secret(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@given(st.text(max_size=40))
def test_any_text_can_be_redacted(text: str) -> None:
    assert "secret" not in redact_url(f"http://secret@{text.replace('secret', '')}?secret")


def test_kinds_of_addresses_are_told_by_their_scheme() -> None:
    assert is_web_address("HTTPS://x.org")
    assert not is_web_address("s3://x")
    assert is_data_uri("Data:,x")
    assert not is_data_uri("database.png")
