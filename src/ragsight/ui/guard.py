"""Keep other sites out: a page on this machine is within reach of every site in its browser.

A site may point a name of its own at 127.0.0.1 (DNS rebinding): then the `Host` header has that
name. It may send requests here from its pages (CSRF): then `Origin` and `Sec-Fetch-Site` say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

_HOST = re.compile(r"(?:(?P<name>[A-Za-z0-9.-]+)|\[(?P<six>[0-9A-Fa-f:.]+)\])(?::[0-9]{1,5})?")
"""RFC 9112, 3.2, as far as it is used here: a name or an address, and a port; all of it."""


class Guard:
    """ASGI middleware that answers this machine's own page only.

    Args:
        app: What is guarded.
        hosts: Names, besides `localhost`, by which the server may be called. Addresses in numbers
            are always allowed: nobody can point those elsewhere.

    Example:
        >>> from starlette.testclient import TestClient
        >>> client = TestClient(Guard(PlainTextResponse("hello")), base_url="http://127.0.0.1")
        >>> client.get("/").text, client.get("/", headers={"host": "evil.example"}).status_code
        ('hello', 403)
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset({"localhost", *(host.lower() for host in hosts)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        app = self._app if refusal is None else PlainTextResponse(refusal, status_code=403)
        await app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        # Of several headers this program and the next might each believe another one.
        host = hosts[0] if len(hosts) == 1 else ""
        if scope["type"] != "http" or not is_own_name(host, self._hosts):
            return "This server answers to localhost and to addresses in numbers only."
        if any(origin != f"{scope['scheme']}://{host}" for origin in origins):
            return "This request comes from another site."
        opens_page = (
            scope["method"] == "GET"
            and scope["path"] == "/"
            and headers.get("sec-fetch-mode") == "navigate"
        )
        if headers.get("sec-fetch-site") in {"cross-site", "same-site"} and not opens_page:
            return "This request comes from another site."
        return None


def is_own_name(host: str, names: Iterable[str]) -> bool:
    """Whether a `Host` header can only mean this server.

    Example:
        >>> [is_own_name(host, {"localhost"}) for host in ("[::1]:80", "localhost", "evil.example")]
        [True, True, False]
    """
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match["name"] or match["six"]
    if name.lower() in names:
        return True
    try:
        return ip_address(name).version == (4 if match["name"] else 6)
    except ValueError:
        return False
