"""Make the pictures of the documentation: what the demo finds, as a browser shows it.

    python docs/make_images.py            # writes docs/images/*.png
    python docs/make_images.py --to FOLDER

It needs the `ui` extra, the `test` dependency group, and Chromium with its driver. What the
pictures show is what `ragsight demo` found, in the order it found it; only the folder's name, which
is that of a temporary one, is another.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PIL import Image

from ragsight import ClipEncoder, GallerySection, MultimodalStore, write_gallery
from ragsight.cli.demo import run_demo
from ragsight.ui import create_app

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from browser import look, opened_browser, served, wait_until  # noqa: E402 - the tests' own browser

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

SIZE = (1280, 960)
SHARPNESS = 1.5
SHOWN = ("bar chart of planet radii", "red striped sneaker")
MOST_BYTES = 400_000
SEARCH = "?q=blue%20dress"
WITH_A_FILTER = "[data-range='metadata.price'] [data-end='lte']"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=HERE / "images")
    folder: Path = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as work, opened_browser() as driver:
        demo = run_demo(Path(work))
        by_title = {section.title: section for section in demo.sections}
        shown = [by_title[title] for title in SHOWN]
        picture_gallery(driver, shown, Path(work) / "picture.html", folder)
        picture_ui(driver, Path(work) / "shop-index", folder)


def picture_gallery(
    driver: Chrome, sections: list[GallerySection], page: Path, folder: Path
) -> None:
    """The gallery, light and dark."""
    address = write_gallery(page, sections, title="ragsight demo").as_uri()
    for name, dark in (("gallery", False), ("gallery-dark", True)):
        look(driver, SIZE, dark=dark, sharpness=SHARPNESS)
        driver.get(address)
        keep(driver, folder / f"{name}.png")


def picture_ui(driver: Chrome, index: Path, folder: Path) -> None:
    """The search page, with a filter."""
    with (
        MultimodalStore.open(index, encoder=ClipEncoder("ragsight-demo")) as store,
        served(create_app(store)) as address,
    ):
        look(driver, SIZE, sharpness=SHARPNESS)
        driver.get(f"{address}{SEARCH}")
        wait_until(driver, lambda: driver.find_elements("css selector", WITH_A_FILTER))
        driver.find_element("css selector", WITH_A_FILTER).send_keys("50\t")
        driver.execute_script(
            "document.querySelector('.holdings bdi').textContent = 'shop-index';"
            "document.activeElement.blur();"
        )
        driver.execute_async_script("setTimeout(arguments[0], 300)")
        wait_until(
            driver,
            lambda: driver.execute_script(
                "return !document.body.classList.contains('busy')"
                " && document.images.length && [...document.images].every(i => i.naturalWidth)"
            ),
        )
        keep(driver, folder / "ui.png")


def keep(driver: Chrome, path: Path) -> None:
    """Write what is in view, in as few colours as keep it small."""
    whole = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    whole.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > MOST_BYTES:
        sys.exit(f"{path}: {size:,} bytes are more than {MOST_BYTES:,}.")
    sys.stdout.write(f"{path}: {whole.width}x{whole.height}, {size:,} bytes\n")


if __name__ == "__main__":
    main()
