"""The pages in a real browser: nothing is cut off, the search works, and everybody can use them."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from api.published.graph import load_published
from api.published.pages import Filter, Pages
from api.published.site import write_site

KINDS = ["index", "ontology", "vocab", "vocab/graduatedContinuant", "vocab/attackTime", "vocab/morphologicalArchetype",
         "vocab/scheme/smalley-morphology", "shapes"]  # fmt: skip

pytestmark = pytest.mark.browser


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the static site, on a server that knows nothing of it."""
    folder = tmp_path_factory.mktemp("published") / "public"
    write_site(folder, "https://archive.example.org/sparql")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def opened(
    browser: Browser, width: int, scheme: Literal["light", "dark"] = "light", script: bool = True
) -> tuple[Page, list[str]]:
    """Return a page, and the list in which its errors gather."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
    )
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return page, errors


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_no_page_is_wider_than_the_window_and_none_has_errors(browser: Browser, site: str, width: int) -> None:
    page, errors = opened(browser, width)
    for kind in KINDS:
        page.goto(f"{site}/{kind}.html")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (kind, width)
    assert errors == []
    page.context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_no_text_of_a_diagram_leaves_its_box_or_the_picture(browser: Browser, site: str, width: int) -> None:
    page, _ = opened(browser, width)
    page.goto(f"{site}/ontology.html")
    outside = page.evaluate(
        """[...document.querySelectorAll('svg.diagram')].flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            const boxes = [...svg.querySelectorAll('rect')];
            return [...svg.querySelectorAll('text')].filter(text => {
                const t = text.getBoundingClientRect();
                const rect = text.classList.contains('property') ? frame
                    : text.parentElement.querySelector('rect').getBoundingClientRect();
                return t.left < rect.left - 1 || t.right > rect.right + 1;
            }).map(text => text.textContent);
        })"""
    )
    smallest = page.evaluate(
        """Math.min(...[...document.querySelectorAll('svg.diagram')].map(svg =>
            10 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))"""
    )
    assert outside == []
    assert smallest >= 9.5
    page.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_page_has_a_barrier_that_axe_knows(
    browser: Browser, site: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page, _ = opened(browser, width, scheme)
    found = []
    for kind in KINDS:
        # of the long page a part, for axe looks at each colour of each line
        page.goto(f"{site}/{kind}.html" + ("?q=attack" if kind == "vocab" else ""))
        results = Axe().run(page).response
        found += [(kind, rule["id"], rule["impact"], rule["nodes"][0]["html"][:120]) for rule in results["violations"]]
    assert found == []
    page.context.close()


@pytest.mark.parametrize("words", ["helligkeit", "GRÖSSE", "croissance", "attack time", "zzz"])
def test_typing_filters_as_the_plain_form_does(browser: Browser, site: str, words: str) -> None:
    text = Pages(load_published()).search(Filter(words)).decode()
    expected = text.partition('role="status">')[2].partition(" terms")[0]
    page, errors = opened(browser, 390)
    page.goto(f"{site}/vocab.html")
    page.fill("#q", words)
    page.wait_for_url("**/vocab.html?q=*")
    assert page.inner_text("[role=status]") == f"{expected} terms"
    assert page.is_visible("#nothing") == (words == "zzz")
    page.reload()
    assert page.inner_text("[role=status]") == f"{expected} terms"
    page.click(".reset")
    assert page.inner_text("[role=status]") == f"{expected.rpartition(' ')[2]} terms"
    assert errors == []
    page.context.close()


def test_a_filter_narrows_what_is_shown(browser: Browser, site: str) -> None:
    page, _ = opened(browser, 1280)
    page.goto(f"{site}/vocab.html?category=SourceCause&measurable=no")
    shown = page.eval_on_selector_all(
        ".entry:not([hidden])",
        "all => all.filter(e => !e.querySelector('.entry')).map(e => e.dataset.category + e.dataset.measurable)",
    )
    assert shown
    assert set(shown) == {"SourceCauseno"}
    page.context.close()


def test_the_keyboard_reaches_the_content_first_and_the_search_after(browser: Browser, site: str) -> None:
    page, _ = opened(browser, 1280)
    page.goto(f"{site}/vocab.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"
    page.context.close()


def test_pages_are_whole_without_a_script_and_from_a_disk(browser: Browser, tmp_path: Path) -> None:
    write_site(tmp_path / "public", None)
    page, _ = opened(browser, 390, script=False)
    page.goto((tmp_path / "public" / "vocab" / "graduatedContinuant.html").as_uri())
    assert page.is_visible("svg.curve")
    assert page.evaluate("getComputedStyle(document.querySelector('.skip')).position") == "absolute"
    page.click("text=Vocabulary >> nth=0")
    assert page.is_visible("form.filters button")
    assert page.locator(".entry").count() > 500
    page.context.close()
