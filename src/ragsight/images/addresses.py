"""Which IP addresses belong to the public internet."""

from __future__ import annotations

import ipaddress

_SPECIAL_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host on this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a provider's customers (CGNAT)
        "127.0.0.0/8",  # this machine
        "168.63.129.16/32",  # in no registry: Azure's machine agent, public in name only
        "169.254.0.0/16",  # link-local, clouds' metadata services among it
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocols; its two anycast addresses are the nearest router's
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relays of 6to4, given up
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast
    )
)
"""IANA's registry of IPv4 special-purpose addresses, whole: at none of them is anyone's web site.

Python's own tables differ from one version to the next; 3.11 takes some of these for global.
https://www.iana.org/assignments/iana-ipv4-special-registry
"""

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""The one part of IPv6 that is given out; whatever lies outside is special, or not in use."""

_SPECIAL_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocols: Teredo, benchmarks, ORCHID, AMT, AS112, drones
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which can lead to any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
"""IANA's registry of IPv6 special-purpose addresses, as far as it lies in global unicast.

https://www.iana.org/assignments/iana-ipv6-special-registry
"""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})
"""First half of interface identifiers that have an IPv4 address in their second half."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet.

    Judged are, behind an IPv4-mapped or NAT64 address, the IPv4 address inside it. Tunnels (6to4,
    Teredo, ISATAP) are not public: they can lead anywhere.

    Args:
        address: An IPv4 or IPv6 address; what is none isn't public.

    Example:
        >>> is_public("93.184.215.14"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1")
        (True, False, False)
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None:
            return _is_public_v6(ip)
        ip = inner
    return not any(ip in network for network in _SPECIAL_V4)


def _is_public_v6(ip: ipaddress.IPv6Address) -> bool:
    is_tunnel = (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP
    special = any(ip in network for network in _SPECIAL_V6)
    return ip in _GLOBAL_UNICAST and not special and not is_tunnel
