"""The search page in a real browser, on a real server, with a vision model's stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

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
    served,
    sticking_out,
    wait_until,
)
from drawings import text_chunk
from fakes.openai_server import FakeOpenAI
from pdfs import PAGE, chart, paragraph, save_pdf
from ragsight import (
    Chunk,
    ClipEncoder,
    MultimodalStore,
    OpenAIBackend,
    Source,
    image_ref,
)
from ragsight.demo.drawing import draw_product
from ragsight.ui import create_app

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = [needs_browser, pytest.mark.slow]

EVIL = "<img src=x onerror='window.ran = 1'><script>window.ran = 1</script>"
WIDE = "w" * 5_000
REPLY = "The lark is red [1]. <script>window.ran = 1</script>"
TEXTS = "h1, h3, .text, .place, .kind, .why li, .answer p, dt, dd, legend, label, .holdings"


@pytest.fixture(scope="module")
def driver() -> Iterator[Chrome]:
    with opened_browser() as running:
        yield running


@pytest.fixture(scope="module")
def vision() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(reply=REPLY, local=True, max_images=8) as server:
        yield server


@pytest.fixture(scope="module")
def address(
    tmp_path_factory: pytest.TempPathFactory, demo_encoder: ClipEncoder, vision: FakeOpenAI
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("ui")
    pdf = save_pdf(folder / "pumps.pdf", lambda page: chart(page, (100, 100, 400, 300)))
    save_pdf(pdf, lambda page: paragraph(page, (72, 110, 520, 200)))
    on_page = Source(uri=str(pdf), page=1, page_size=PAGE, bbox=(72, 110, 520, 160))
    chunks = [
        Chunk(text="The pump lifts water.", source=on_page),
        text_chunk(EVIL, uri=f"/{EVIL}", name=EVIL, note=WIDE, remark=EVIL[:60], **{"<b>": "<i>"}),
        text_chunk(f"hostile {WIDE}", name=WIDE, **{"<b>": "<u>"}),
    ]
    for seed, (kind, colour) in enumerate(
        [("sneaker", "red"), ("sneaker", "blue"), ("mug", "red"), ("handbag", "green")]
    ):
        picture = draw_product(kind, colour, "plain", seed=seed)
        path = folder / f"{seed}.png"
        picture.save(path)
        chunks.append(
            Chunk(
                text=f"Lark {kind} in {colour}",
                image=image_ref(path),
                source=Source(uri="/shop.csv", part=f"row {seed}"),
                kind="product",
                metadata={"name": f"Lark {kind}", "colour": colour, "price": 10.5 * (seed + 1)},
            )
        )
    with ExitStack() as stack:
        store = stack.enter_context(MultimodalStore.open(folder / "index", encoder=demo_encoder))
        store.upsert(chunks)
        backend = OpenAIBackend("llava", base_url=vision.base_url)
        yield stack.enter_context(served(create_app(store, backend=backend)))


def opened(driver: Chrome, address: str, size: tuple[int, int] = DESKTOP) -> None:
    look(driver, size)
    driver.get(address)
    wait_until(driver, lambda: count(driver, ".facets fieldset"))


def count(driver: Chrome, selector: str) -> int:
    return len(driver.find_elements("css selector", selector))


def titles(driver: Chrome) -> list[str]:
    script = "return [...document.querySelectorAll('.card h3')].map(node => node.textContent)"
    return list(driver.execute_script(script))


def type_query(driver: Chrome, words: str) -> None:
    from selenium.webdriver import Keys

    box = driver.find_element("css selector", "#words")
    box.clear()
    box.send_keys(words, Keys.ENTER)
    settled(driver)


def settled(driver: Chrome) -> None:
    """Wait for the result, and for its pictures."""
    wait_until(
        driver,
        lambda: driver.execute_script(
            "return !document.body.classList.contains('busy')"
            " && [...document.images].every(image => image.complete)"
        ),
    )


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_words_find_hits_that_fit_and_show_their_pictures(
    driver: Chrome, address: str, size: tuple[int, int]
) -> None:
    opened(driver, address, size)
    type_query(driver, "lark sneaker")
    assert titles(driver)[:2] == ["Lark sneaker", "Lark sneaker"]
    assert "results" in driver.find_element("css selector", ".status").text
    assert overflow(driver) == 0
    buttons = driver.find_elements("css selector", ".search .primary")
    assert all(button.size["height"] < 50 for button in buttons)
    assert count(driver, ".card img") >= 4
    assert broken_images(driver) == []
    assert complaints(driver) == []
    assert "?q=lark%20sneaker" in driver.current_url


def test_in_the_dark_the_page_can_be_read(driver: Chrome, address: str) -> None:
    opened(driver, f"{address}?q=lark")
    look(driver, DESKTOP, dark=True)
    wait_until(driver, lambda: count(driver, ".card"))
    assert min(contrasts(driver, TEXTS)) >= 4.5


def test_a_filter_narrows_the_result_and_clearing_widens_it(driver: Chrome, address: str) -> None:
    opened(driver, address)
    type_query(driver, "lark")
    before = count(driver, ".card")
    box = "[data-choice='metadata.colour'] input[data-value='\"red\"']"
    driver.find_element("css selector", box).click()
    wait_until(driver, lambda: count(driver, ".card") == 2)
    assert set(titles(driver)) == {"Lark sneaker", "Lark mug"}
    low = driver.find_element("css selector", "[data-range='metadata.price'] [data-end='gte']")
    low.send_keys("20\t")
    wait_until(driver, lambda: titles(driver) == ["Lark mug"])
    driver.find_element("css selector", ".facets [type=reset]").click()
    wait_until(driver, lambda: count(driver, ".card") == before)


DROP = """
const [bytes, kind, done] = arguments;
const data = new DataTransfer();
data.items.add(new File([new Uint8Array(bytes)], "wanted.png", { type: "image/png" }));
if (kind === "paste") dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
else for (const name of ["dragover", "drop"]) {
  dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
}
done();
"""


@pytest.mark.parametrize("way", ["drop", "paste", "upload"])
def test_an_image_finds_images_like_it(
    driver: Chrome, address: str, tmp_path: Path, way: str
) -> None:
    picture = tmp_path / "wanted.png"
    draw_product("mug", "red", "plain", seed=77).save(picture)
    opened(driver, address)
    if way == "upload":
        driver.find_element("css selector", "input[type=file]").send_keys(str(picture))
    else:
        driver.execute_async_script(DROP, list(picture.read_bytes()), way)
    wait_until(driver, lambda: titles(driver))
    settled(driver)
    assert titles(driver)[0] == "Lark mug"
    assert driver.find_element("css selector", ".chip").text.startswith("wanted.png")
    assert broken_images(driver) == []
    driver.find_element("css selector", ".chip button").click()
    wait_until(driver, lambda: not titles(driver))


def test_more_like_this_finds_what_is_like_a_hit(driver: Chrome, address: str) -> None:
    opened(driver, address)
    type_query(driver, "lark mug")
    assert titles(driver)[0] == "Lark mug"
    driver.find_element("css selector", ".card [data-like]").click()
    wait_until(driver, lambda: count(driver, ".chip"))
    wait_until(driver, lambda: "Lark mug" not in titles(driver) and titles(driver))
    assert driver.find_element("css selector", ".chip").text.startswith("Like: Lark mug")


def test_an_answer_is_streamed_and_its_markers_lead_to_its_sources(
    driver: Chrome, address: str, vision: FakeOpenAI
) -> None:
    opened(driver, address)
    driver.execute_script(
        "window.seen = []; new MutationObserver(() => seen.push("
        "document.querySelector('.answering .words').textContent)).observe("
        "document.querySelector('.answering .words'), { childList: true, characterData: true,"
        " subtree: true });"
    )
    driver.find_element("css selector", "#words").send_keys("Which lark is red?")
    driver.find_element("css selector", "[data-ask]").click()
    wait_until(driver, lambda: count(driver, "#result .answer"))
    settled(driver)
    seen = driver.execute_script("return seen")
    assert len({text for text in seen if text}) > 2
    assert seen[-1] == REPLY
    answer = driver.find_element("css selector", "#result .answer .words")
    assert answer.text == REPLY
    answer.find_element("css selector", "a").click()
    assert count(driver, ".card.lit") == 1
    assert driver.find_element("css selector", ".card.lit .cited").text == "[1]"
    assert driver.execute_script("return window.ran === undefined")
    assert len(vision.requests[-1].images) >= 1
    assert vision.violations == []


def test_a_question_asked_anew_is_answered_where_the_first_one_was(
    driver: Chrome, address: str, vision: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(driver, address)
    monkeypatch.setattr(vision, "delay", 1.0)
    driver.find_element("css selector", "#words").send_keys("Which lark is red?")
    answering = driver.find_element("css selector", ".answering")
    for _ in range(2):
        driver.find_element("css selector", "[data-ask]").click()
        wait_until(driver, answering.is_displayed)
    wait_until(driver, lambda: count(driver, "#result .answer"))
    settled(driver)
    assert not answering.is_displayed()
    assert driver.find_element("css selector", ".status").text == ""


def test_an_answer_that_is_refused_says_why(
    driver: Chrome, address: str, vision: FakeOpenAI
) -> None:
    opened(driver, address)
    vision.fail(400, message="this model is asleep")
    driver.find_element("css selector", "#words").send_keys("Which lark is red?")
    driver.find_element("css selector", "[data-ask]").click()
    error = "document.querySelector('.status.error')"
    wait_until(driver, lambda: driver.execute_script(f"return {error} !== null"))
    assert "asleep" in driver.find_element("css selector", ".status.error").text
    assert count(driver, ".card") > 0


def test_the_page_of_a_hit_is_shown_in_full(driver: Chrome, address: str) -> None:
    opened(driver, address)
    type_query(driver, "pump lifts water")
    driver.find_element("css selector", "[data-open]").click()
    wait_until(driver, lambda: count(driver, "dialog[open] .stage svg image"))
    painted = driver.execute_async_script(
        "const done = arguments[0]; const picture = new Image();"
        "picture.onload = () => done(picture.naturalHeight); picture.onerror = () => done(0);"
        "picture.src = document.querySelector('.stage svg image').getAttribute('href');"
    )
    assert painted > 900


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_hostile_text_runs_nothing_and_breaks_nothing(
    driver: Chrome, address: str, size: tuple[int, int]
) -> None:
    opened(driver, address, size)
    type_query(driver, "hostile script img onerror")
    assert any("onerror" in title for title in titles(driver))
    for card in driver.find_elements("css selector", "[data-like]")[:1]:
        driver.execute_script("arguments[0].click()", card)
    wait_until(driver, lambda: count(driver, ".chip"))
    settled(driver)
    assert driver.execute_script("return window.ran === undefined")
    assert overflow(driver) == 0
    assert sticking_out(driver, ".card, .filters, .search") == []
    assert complaints(driver) == []
