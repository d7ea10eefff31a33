"""A real browser for tests of pages: Chromium without a window, as Debian has it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

PHONE = (390, 844)
DESKTOP = (1280, 900)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--proxy-server=direct://",
)
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DRIVER = shutil.which("chromedriver")

needs_browser = pytest.mark.skipif(
    BROWSER is None or DRIVER is None,
    reason="needs Chromium and its driver: apt-get install chromium chromium-driver",
)


@contextmanager
def opened_browser() -> Iterator[Chrome]:
    """A browser with an empty profile."""
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    assert BROWSER is not None
    options.binary_location = BROWSER
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = Chrome(options=options, service=Service(DRIVER))
        try:
            yield driver
        finally:
            driver.quit()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An ASGI application on a server in a thread of its own."""
    import socket
    import threading

    import uvicorn

    # Not the faster loop that may be installed by chance: pages don't need it.
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", loop="asyncio", http="h11"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()


def look(
    driver: Chrome, size: tuple[int, int], *, dark: bool = False, sharpness: float = 1
) -> None:
    """Give the page a size and a colour scheme; `sharpness` is the screen's dots by pixel."""
    width, height = size
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": sharpness, "mobile": size == PHONE},
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def screenshot(driver: Chrome, path: Path) -> Path:
    """Keep a picture of what is in view."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert driver.get_screenshot_as_file(str(path))
    return path


def overflow(driver: Chrome) -> int:
    """Pixels by which the page is wider than the window."""
    root = "document.documentElement"
    width = driver.execute_script(f"return {root}.scrollWidth - {root}.clientWidth")
    return int(width)


def broken_images(driver: Chrome) -> list[str]:
    """Pictures that didn't load."""
    script = (
        "return [...document.images].filter(i => !(i.complete && i.naturalWidth > 0))"
        ".map(i => i.src.slice(0, 80))"
    )
    return list(driver.execute_script(script))


def complaints(driver: Chrome) -> list[Any]:
    """What the browser's console complained of since it was last asked."""
    return [entry["message"] for entry in driver.get_log("browser")]


def wait_until(driver: Chrome, holds: Callable[[], object], *, seconds: float = 20) -> None:
    """Wait for what the page is about to do."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(driver, seconds, poll_frequency=0.05).until(lambda _: holds())


def contrasts(driver: Chrome, selector: str) -> list[float]:
    """How far each text's colour stands from its ground, as WCAG 2.1 counts: 4.5 can be read."""
    return list(driver.execute_script(_CONTRASTS, selector))


def sticking_out(driver: Chrome, selector: str) -> list[str]:
    """What sticks out of the boxes that a selector names, to the left or to the right."""
    return list(driver.execute_script(_STICKING_OUT, selector))


_CONTRASTS = r"""
const linear = (value) => {
  const share = value / 255;
  return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};
const luminance = (colour) => {
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number).map(linear);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const ground = (node) => {
  for (; node; node = node.parentElement) {
    const colour = getComputedStyle(node).backgroundColor;
    if (!colour.endsWith(", 0)")) return colour;
  }
  return "rgb(255, 255, 255)";
};
return [...document.querySelectorAll(arguments[0])].map((node) => {
  const pair = [getComputedStyle(node).color, ground(node)].map(luminance);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
});
"""

_STICKING_OUT = """
return [...document.querySelectorAll(arguments[0])].flatMap((box) => {
  const { left, right } = box.getBoundingClientRect();
  return [...box.querySelectorAll("*")].filter((node) => {
    const inner = node.getBoundingClientRect();
    const out = inner.left < left - 1 || inner.right > right + 1;
    return out && inner.width > 0 && !node.closest("svg");
  }).map((node) => node.outerHTML.slice(0, 80));
});
"""
