"""Run the search page on this machine."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

from ragsight.answer import VisionBackend
from ragsight.errors import ConfigurationError, extra
from ragsight.loaders.pdf.backends.registry import BackendName
from ragsight.store import MultimodalStore

DEFAULT_PORT = 8321


def serve(
    store: MultimodalStore,
    *,
    backend: VisionBackend | None = None,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    open_browser: bool = False,
    pdf_backend: BackendName | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the search page until it is interrupted.

    Args:
        store: What is searched; it stays open.
        backend: The vision model that answers, if there is one.
        host: Where to listen. Anything but this machine's own address lets everyone on the
            network search: the page asks for no password.
        port: The port; 0 takes one that is free.
        open_browser: Whether to show the page.
        pdf_backend: The library that paints pages of PDFs; None for the default one.
        on_ready: Called with the page's address.

    Raises:
        ConfigurationError: If the address can't be listened at.
        MissingExtraError: If the server isn't installed.
    """
    from ragsight.ui.app import create_app

    with extra("ui", "uvicorn"):
        import uvicorn

    listening = _listening(host, port)
    address = _address(host, listening)
    app = create_app(store, backend=backend, hosts=[host], pdf_backend=pdf_backend)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    with listening, suppress(KeyboardInterrupt):
        # The socket listens already: a browser that comes early waits for the answer.
        if on_ready is not None:
            on_ready(address)
        if open_browser:
            webbrowser.open(address)
        uvicorn.Server(config).run(sockets=[listening])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise ConfigurationError(
            f"{host}:{port}: the page can't be served here ({error}). Choose another --port."
        ) from error


def _address(host: str, listening: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    if host in {"0.0.0.0", "::"}:
        name = "127.0.0.1" if host == "0.0.0.0" else "[::1]"
    return f"http://{name}:{listening.getsockname()[1]}/"
