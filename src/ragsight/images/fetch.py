"""Fetch images from the web without being led into the local network.

An address may come from a document, a catalogue or a user's question. Whoever wrote it must not be
able to make this machine talk to itself, to its neighbours, or to its cloud's metadata service; nor
to fill its memory, nor to keep it waiting.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from ragsight.errors import ConfigurationError, ImageError, RagsightError, SourceNotFoundError
from ragsight.images.addresses import is_public
from ragsight.images.uris import MAX_BYTES, redact_url

if TYPE_CHECKING:
    import httpx

_CONNECT_SECONDS = 5.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_REASON = 300
_LONGEST_SCHEME = 20
_GONE = frozenset({404, 410})
_HEADERS = {"User-Agent": "ragsight", "Accept": "image/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How far a fetch may go.

    Attributes:
        max_bytes: Longest answer that is read, in bytes, whatever the server announces.
        timeout: Seconds for the whole fetch: name lookup, redirects and download.
        max_redirects: Redirects that are followed; each is checked like the first address.
        allow_private: Also fetch from this machine and its private network.

    Raises:
        ConfigurationError: If a limit leaves nothing to fetch.

    Example:
        >>> FetchLimits(max_bytes=1_000_000).max_redirects
        5
    """

    max_bytes: int = MAX_BYTES
    timeout: float = 20.0
    max_redirects: int = 5
    allow_private: bool = False

    def __post_init__(self) -> None:
        if self.max_bytes < 1 or self.timeout <= 0 or self.max_redirects < 0:
            raise ConfigurationError(
                f"{self}: max_bytes and timeout must be above 0, max_redirects 0 or more."
            )


def fetch_image(url: str, *, limits: FetchLimits | None = None) -> bytes:
    """Fetch the bytes of an image over http or https.

    Refused are, unless `limits` allow them, addresses of this machine, of private, shared
    (CGNAT), link-local, multicast and reserved networks, and those of clouds' metadata services.
    The connection goes to the very address that was checked. Proxies named in the environment are
    not used, since a proxy would look the name up again. Whether the bytes are an image is left
    to `open_image`.

    Args:
        url: The address.
        limits: How far to go; by default 50 MiB, 20 seconds, 5 redirects, public addresses only.

    Returns:
        The bytes.

    Raises:
        SourceNotFoundError: If the server says that there is nothing there (404, 410).
        ImageError: If the address is refused, can't be reached, or the answer exceeds a limit.
    """
    # One implementation for both worlds: the limit on the whole time needs a loop that can cancel.
    # It gets a thread of its own, since the caller's may be running a loop already.
    with ThreadPoolExecutor(1, "ragsight-fetch") as pool:
        return pool.submit(lambda: asyncio.run(afetch_image(url, limits=limits))).result()


async def afetch_image(url: str, *, limits: FetchLimits | None = None) -> bytes:
    """Fetch an image without blocking the event loop; see `fetch_image`."""
    limits = limits if limits is not None else FetchLimits()
    try:
        return await asyncio.wait_for(_fetched(url, limits), limits.timeout)
    except asyncio.TimeoutError as error:
        raise ImageError(
            f"{redact_url(url)}: not fetched within {limits.timeout:g} seconds. Try again, or "
            "download the file and pass its path."
        ) from error
    except RagsightError:
        raise
    except Exception as error:
        # Whatever a library makes of an address or an answer that someone built to break it: it
        # costs this image and none of those beside it.
        reason = _reason(error)
        raise ImageError(
            f"{redact_url(url)}: can't be fetched ({reason}). Check the address, "
            "or download the file and pass its path."
        ) from error


async def _fetched(url: str, limits: FetchLimits) -> bytes:
    import httpx

    timeout = httpx.Timeout(limits.timeout, connect=min(_CONNECT_SECONDS, limits.timeout))
    async with httpx.AsyncClient(verify=_tls(), trust_env=False, timeout=timeout) as client:
        target = _parsed(url, url)
        for _ in range(limits.max_redirects + 1):
            addresses = await _checked_addresses(target, limits)
            answer = await _ask(client, target, addresses, limits)
            if isinstance(answer, bytes):
                return answer
            target = _parsed(answer, str(target))
    raise ImageError(
        f"{redact_url(url)}: more than {limits.max_redirects} redirects. Pass the address that "
        "they lead to."
    )


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    # Reading the certificates takes longer than many a fetch.
    import httpx

    return httpx.create_ssl_context()


def _parsed(url: str, base: str) -> httpx.URL:
    """The address, taken relative to the one that led to it."""
    import httpx

    try:
        # Looking at the host decodes it, which fails for names that are none (xn--).
        target = httpx.URL(base).join(url)
        scheme, host = target.scheme, target.host
    except (httpx.InvalidURL, ValueError) as error:
        reason = "not a valid address" if url == base else "it leads to what is no valid address"
        raise ImageError(f"{redact_url(base)}: {reason}. Check it.") from error
    if scheme not in {"http", "https"} or not host:
        raise ImageError(
            f"{redact_url(base)}: only http and https addresses are fetched, and this leads to "
            f"one of {scheme[:_LONGEST_SCHEME]!r}. Download the file and pass its path."
        )
    return target


async def _checked_addresses(target: httpx.URL, limits: FetchLimits) -> list[str]:
    name, host = redact_url(str(target)), target.raw_host.decode("ascii")
    port = target.port if target.port is not None else (443 if target.scheme == "https" else 80)
    # A pool of its own: closing the event loop waits for the default pool's slow lookups.
    pool = ThreadPoolExecutor(1, "ragsight-lookup")
    lookup = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.get_running_loop().run_in_executor(pool, lookup)
    except (OSError, ValueError, OverflowError) as error:
        raise ImageError(
            f"{name}: there is no host of that name, or names can't be looked up now ({error}). "
            "Check the address and the network."
        ) from error
    finally:
        pool.shutdown(wait=False)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not limits.allow_private and not is_public(address):
            raise ImageError(
                f"{name}: the host has the address {address}, which isn't public, and is not "
                "asked. If you trust it, call fetch_image with FetchLimits(allow_private=True) "
                "and pass the bytes."
            )
    return addresses


async def _ask(
    client: httpx.AsyncClient, target: httpx.URL, addresses: list[str], limits: FetchLimits
) -> bytes | str:
    """The body, or where a redirect leads; from the first address that takes the connection."""
    import httpx

    problem: Exception = OSError("it has no address")
    for address in addresses:
        request = client.build_request(
            "GET",
            # By address, so that no second lookup can give another one than was checked.
            target.copy_with(host=address),
            headers={**_HEADERS, "Host": target.netloc.decode("ascii")},
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        )
        try:
            response = await client.send(request, stream=True, follow_redirects=False)
            try:
                return await _answer(response, redact_url(str(target)), limits)
            finally:
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            problem = error
        except (httpx.InvalidURL, ValueError) as error:
            # The client looks at where a redirect leads, although it doesn't follow it.
            raise ImageError(
                f"{redact_url(str(target))}: it leads to what is no address of the web. Check "
                "it, or download the file and pass its path."
            ) from error
        except httpx.HTTPError as error:
            problem = error
            break
    reason = _reason(problem)
    raise ImageError(
        f"{redact_url(str(target))}: can't be fetched ({reason}). Check the address and the "
        "network, or download the file and pass its path."
    ) from problem


def _reason(problem: Exception) -> str:
    return (str(problem) or type(problem).__name__)[:_LONGEST_REASON]


async def _answer(response: httpx.Response, name: str, limits: FetchLimits) -> bytes | str:
    if response.status_code in _REDIRECTS and "location" in response.headers:
        return str(response.headers["location"])
    if response.status_code in _GONE:
        raise SourceNotFoundError(
            f"{name}: the server has no such image (HTTP {response.status_code}). Check the "
            "address."
        )
    if response.status_code != 200:
        raise ImageError(
            f"{name}: the server answered HTTP {response.status_code} instead of an image. Open "
            "the address in a browser, or download the file and pass its path."
        )
    if response.headers.get("content-encoding", "identity") != "identity":
        # Unpacking is where a small answer becomes a huge one; images are packed already.
        raise ImageError(
            f"{name}: the server sent the image compressed once more, unasked. Download the file "
            "and pass its path."
        )
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > limits.max_bytes:
            raise ImageError(
                f"{name}: longer than the limit of {limits.max_bytes:,} bytes. Raise "
                "FetchLimits.max_bytes, or pass a smaller image."
            )
    return bytes(body)
