from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.errors import ImageError
from ragsight.images import fetch_image
from ragsight.images.addresses import is_public

SPECIAL = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24
192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15
198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32
::1/128 ::/128 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128
2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28
2001:30::/28 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10
"""
"""The registries' rows. IPv4-mapped and NAT64 addresses are judged by the one inside them."""


@pytest.mark.parametrize("network", SPECIAL.split())
def test_no_special_purpose_address_is_public_from_its_first_to_its_last(network: str) -> None:
    found = ipaddress.ip_network(network)
    for address in (found[0], found[-1], found[found.num_addresses // 2]):
        assert not is_public(str(address))


PUBLIC = """
1.1.1.1 100.63.255.255 100.128.0.0 172.32.0.1 192.0.1.1 198.20.0.1 2001:200::1
2606:4700::1111 2a00:1450:4001::200e
"""


@pytest.mark.parametrize("address", PUBLIC.split())
def test_their_neighbours_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("64:ff9b::808:808", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b:1::808:808", False),
        ("64:ff9b::7f00:1", False),
        ("::ffff:192.168.1.1", False),
        ("2002:7f00:1::", False),
        ("2001:0:1::1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("fe80::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_only_addresses_of_the_public_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_each_of_its_forms(address: object) -> None:
    plain, number = is_public(str(address)), int(address)  # type: ignore[call-overload]
    assert is_public(f"::ffff:{address}") is plain
    assert is_public(f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}") is plain
    assert not is_public(f"::{address}")
    assert not is_public(f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1")
    assert not is_public(f"2001:0:4136:e378:8000:63bf:{number >> 16:x}:{number & 0xFFFF:x}")
    assert not is_public(f"2606:4700::5efe:{address}")
    assert not is_public(f"2606:4700::200:5efe:{address}")


@pytest.mark.parametrize("address", ["", "localhost", "1.2.3", "fe80::1%lo", "1.2.3.4%lo", "::g"])
def test_what_is_no_address_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_a_name_for_a_special_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # Python 3.11 takes this one for global.
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.0.8", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
    with pytest.raises(ImageError, match=r"192\.0\.0\.8, which isn't public"):
        fetch_image("http://photos.example/a.png")
