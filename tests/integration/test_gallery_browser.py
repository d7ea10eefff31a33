"""The gallery in a real browser: how it looks, how it is used, and what it won't run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from browser import (
    DESKTOP,
    PHONE,
    broken_images,
    complaints,
    contrasts,
    look,
    needs_browser,
    opened_browser,
    overflow,
    sticking_out,
    wait_until,
)
from drawings import noise_ref, text_chunk
from pdfs import chart, heading, paragraph, save_pdf
from ragsight import (
    Answer,
    Chunk,
    Citation,
    GallerySection,
    Hit,
    PdfLoader,
    Source,
    show,
    write_gallery,
)
from ragsight.retrieval import ChannelScore

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = [needs_browser, pytest.mark.slow]

SCORES = (ChannelScore("bm25", 1, 7.25, 0.33), ChannelScore("text_to_image", 2, 0.31, 0.12))
TEXTS = "h1, h2, h3, .text, .place, .kind, .note, .why li, .answer p, dt, dd, .warning"
HOSTILE = (
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    "javascript:window.ran=1",
    "</style></script><svg onload='window.ran = 1'>",
    '" autofocus onfocus="window.ran = 1" x="',
    "\u202eright to left\u202d and back",
    "w" * 10_000,
    "مرحبا " * 50,
)


@pytest.fixture(scope="module")
def driver() -> Iterator[Chrome]:
    with opened_browser() as running:
        yield running


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Nine hits: figures and passages of a PDF, products, and hostile ones; and an answer."""
    folder = tmp_path_factory.mktemp("gallery")

    def draw(sheet: Any) -> None:
        heading(sheet, (72, 90), "Pumps")
        paragraph(sheet, (72, 110, 520, 200))
        chart(sheet, (100, 260, 420, 420))
        sheet.insert_text((100, 450), "Figure 1: The pressure over the week.", fontsize=9)

    chunks = PdfLoader(save_pdf(folder / "pumps.pdf", draw)).load()
    assert {"text", "figure"} <= {chunk.kind for chunk in chunks}
    answer = Answer(
        text=f"It rises [1]. {HOSTILE[0]}",
        citations=(Citation(1, chunks[0], ((9, 12),)),),
        sources=(chunks[0],),
        model=HOSTILE[1],
        warnings=HOSTILE,
    )
    hits = [Hit(chunk, 0.45, SCORES) for chunk in chunks]
    hits += [Hit(hostile(number, text), 0.2, SCORES[:1]) for number, text in enumerate(HOSTILE)]
    sections = [
        GallerySection("pressure", hits, note=HOSTILE[6], answer=answer),
        *(GallerySection(text, hits[:1]) for text in HOSTILE),
    ]
    return write_gallery(folder / "page.html", sections, title=HOSTILE[6]).as_uri()


def hostile(number: int, text: str) -> Chunk:
    """A figure that is hostile wherever it can be."""
    return Chunk(
        text=text,
        image=noise_ref(number) if number % 2 else None,
        source=Source(
            uri=f"/{text}", page=1, section=(text,), page_size=(300, 400), bbox=(10, 10, 290, 60)
        ),
        metadata={"label": text, "caption": text, text[:50]: text[:50]},
    )


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_at_each_width_the_page_fits_shows_its_images_and_can_be_read(
    driver: Chrome, page: str, size: tuple[int, int], dark: bool
) -> None:
    look(driver, size, dark=dark)
    driver.get(page)
    assert overflow(driver) == 0
    assert broken_images(driver) == []
    assert driver.execute_script("return document.images.length") >= 5
    assert min(contrasts(driver, TEXTS)) >= 4.5
    ground = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(14, 16, 20)") is dark


def test_hostile_text_runs_nothing_and_stays_in_its_card(driver: Chrome, page: str) -> None:
    look(driver, PHONE)
    driver.get(page)
    assert driver.execute_script("return window.ran === undefined")
    links = "return [...document.links].filter(a => a.protocol !== 'file:').length"
    assert driver.execute_script(links) == 0
    assert sticking_out(driver, ".card, .answer, .query") == []
    assert (
        max(
            driver.execute_script(
                "return [...document.querySelectorAll('.card')].map(c => c.offsetHeight)"
            )
        )
        < 900
    )
    assert complaints(driver) == []


def test_even_a_script_that_got_in_would_not_run(driver: Chrome, page: str) -> None:
    driver.get(page)
    driver.execute_script(
        "document.querySelector('main').insertAdjacentHTML('beforeend',"
        ' \'<img src="data:," onerror="window.ran = 1"><iframe srcdoc="x"></iframe>\');'
        "const added = document.createElement('script'); added.textContent = 'window.ran = 1';"
        "document.body.append(added);"
    )
    driver.execute_async_script("setTimeout(arguments[0], 50)")
    assert driver.execute_script("return window.ran === undefined")
    assert any("Content Security Policy" in message for message in complaints(driver))


def test_arrows_move_enter_shows_in_full_and_escape_goes_back(driver: Chrome, page: str) -> None:
    from selenium.webdriver import ActionChains, Keys

    look(driver, DESKTOP)
    driver.get(page)

    def press(key: str) -> None:
        ActionChains(driver).send_keys(key).perform()

    def focused() -> int:
        return int(
            driver.execute_script(
                "const all = [...document.querySelectorAll('[data-open]')];"
                "return all.indexOf(document.activeElement)"
            )
        )

    press(Keys.ARROW_RIGHT)
    assert focused() == 0
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert driver.execute_script(outline) == "solid"
    press(Keys.ARROW_RIGHT)
    assert focused() == 1
    columns = len(
        set(
            driver.execute_script(
                "return [...document.querySelectorAll('.cards')[0].children].map(c => c.offsetLeft)"
            )
        )
    )
    assert columns > 1
    press(Keys.ARROW_DOWN)
    assert focused() == 1 + columns
    press(Keys.ARROW_UP)
    assert focused() == 1
    press(Keys.ENTER)
    viewer = "const v = document.querySelector('dialog'); "
    assert driver.execute_script(viewer + "return v.open")
    title = viewer + "return v.querySelector('h3').textContent"
    first = driver.execute_script(title)
    press(Keys.ARROW_RIGHT)
    assert driver.execute_script(title) != first
    assert driver.execute_script(
        viewer + "return v.querySelector('.stage svg, .stage img') !== null"
    )
    assert overflow(driver) == 0
    press(Keys.ESCAPE)
    wait_until(driver, lambda: not driver.execute_script(viewer + "return v.open"))
    wait_until(driver, lambda: focused() == 2)


def test_a_marker_of_the_answer_leads_to_its_source(driver: Chrome, page: str) -> None:
    look(driver, DESKTOP)
    driver.get(page)
    driver.execute_script("document.querySelector('.answer a').click()")
    lit = driver.find_elements("css selector", ".card.lit .cited")
    assert [badge.text for badge in lit] == ["[1]"]


def test_the_page_of_a_passage_is_painted_with_its_region(driver: Chrome, page: str) -> None:
    """Pixels of what is on the screen: the page's ink is there, and the region's red."""
    import io

    from PIL import Image

    look(driver, DESKTOP)
    driver.get(page)
    element = driver.find_element("css selector", ".card .media .mini")
    picture = Image.open(io.BytesIO(element.screenshot_as_png)).convert("RGB")
    counted = picture.getcolors(picture.width * picture.height)
    assert counted is not None
    colours = [colour for _, colour in counted]
    assert any(r > 180 and g < 120 and b < 130 for r, g, b in colours)
    assert any(max(colour) < 160 for colour in colours)


def test_a_notebook_s_piece_fits_and_follows_the_colours_around_it(
    driver: Chrome, page: str, tmp_path: Path
) -> None:
    del page
    hits = [Hit(hostile(number, text), 0.2, SCORES) for number, text in enumerate(HOSTILE)]
    piece = show([*hits, Hit(text_chunk("A passage."), 0.1)], title="pressure")._repr_html_()
    notebook = tmp_path / "notebook.html"
    body = "<meta charset=utf-8><body style='background:#111;color:#eee'>"
    notebook.write_text(f"<!doctype html>{body}{piece}", encoding="utf-8")
    look(driver, (700, 800))
    driver.get(notebook.as_uri())
    assert overflow(driver) == 0
    assert broken_images(driver) == []
    assert driver.execute_script("return window.ran === undefined")
    colour = "return getComputedStyle(document.querySelector('.rs h3')).color"
    assert driver.execute_script(colour) == "rgb(238, 238, 238)"
