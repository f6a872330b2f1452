"""A person in a real browser: from the archive to a claim, rejects it, takes that back, and adds a recording."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.endpoint import Endpoint, serving
from tests.shelf import MANY, Shelf, build
from tests.sounds import stroke, write

PAGES = ("", "recording/open", "recording/gone", "claim/annotation/c1", "add", "claim/annotation/never")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return build(tmp_path_factory.mktemp("browsed"), MANY)


@pytest.fixture(scope="module")
def endpoint(shelf: Shelf) -> Iterator[Endpoint]:
    with serving(shelf.archive, base_iri="http://localhost:8000/") as made:
        yield made


def opened(browser: Browser, width: int = 1280, scheme: Literal["light", "dark"] = "light") -> tuple[Page, list[str]]:
    """Return a page, and the list in which its errors gather."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return page, errors


def until(page: Page, condition: str) -> None:
    """Wait for a condition; a policy without eval keeps Playwright from waiting in the page."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never: {condition}")


def sign_in(page: Page, token: str) -> None:
    page.get_by_role("button", name="Sign in").first.click()
    page.get_by_label("Token").fill(token)
    page.locator("#signing").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1920, "light"), (1280, "dark"), (390, "light")])
def test_no_page_is_wider_than_the_window_and_none_runs_markup(
    browser: Browser, endpoint: Endpoint, width: int, scheme: Literal["light", "dark"]
) -> None:
    page, errors = opened(browser, width, scheme)
    for path in PAGES:
        page.goto(f"{endpoint.base}workbench/{path}")
        if path.startswith("recording"):
            expect(page.locator("#timeline[data-ready]")).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
        assert page.title() != "run", path
    assert [text for text in errors if "404" not in text] == []
    page.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_serious_fault(browser: Browser, endpoint: Endpoint, path: str) -> None:
    for width, scheme in ((1280, "light"), (390, "dark")):
        page, _ = opened(browser, width, scheme)  # type: ignore[arg-type]  # one of two words
        page.goto(f"{endpoint.base}workbench/{path}")
        if path.startswith("recording"):
            expect(page.locator("#timeline[data-ready]")).to_be_attached()
        found = Axe().run(page).response["violations"]
        serious = [
            (one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], (path, scheme)
        page.context.close()


def test_from_the_archive_to_a_claim_that_is_rejected_and_taken_back(browser: Browser, endpoint: Endpoint) -> None:
    page, errors = opened(browser)
    page.goto(endpoint.base)
    page.get_by_role("link", name=re.compile("^Bells")).click()
    expect(page.locator("#timeline[data-ready]")).to_be_attached()
    page.get_by_role("button", name="Play Attack-decay, 0:00.5 to 0:01.1").click()
    until(page, "document.querySelector('audio').currentTime > 0.55")
    expect(page.locator("#player")).to_be_visible()
    page.get_by_role("link", name="Attack-decay").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Attack-decay")
    assert "annotation/c1" in _listed(endpoint)
    sign_in(page, endpoint.tokens["Ada"])
    page.get_by_label("Reason, or a comment").fill("<b>no</b> resonance")
    page.get_by_role("button", name="Reject").click()
    review = page.locator("#reviews li", has_text="Ada")
    expect(review).to_contain_text("rejected")
    expect(review).to_contain_text("<b>no</b> resonance")
    assert "annotation/c1" not in _listed(endpoint) and "annotation/c1" in _listed(endpoint, "shown")
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#reviews .replaced")).to_contain_text("rejected")
    assert "annotation/c1" in _listed(endpoint)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bells")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("What is heard here")
    assert [text for text in errors if "401" not in text] == []
    page.context.close()


def _listed(endpoint: Endpoint, rejected: str = "hidden") -> str:
    """Return the answer to a question by its default view."""
    asked = {"concept": "attackDecay", "rejected": rejected}
    return endpoint.client().get("/api/queries/concept_across_works/answer", params=asked).text


def test_a_stretch_is_marked_by_mouse_zoomed_by_keys_and_told(browser: Browser, endpoint: Endpoint) -> None:
    page, errors = opened(browser)
    page.goto(f"{endpoint.base}workbench/recording/open")
    expect(page.locator("#timeline[data-ready]")).to_be_attached()
    box = page.locator('canvas[data-strip="spectrum"]').bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60, steps=5)
    page.mouse.up()
    start, end = (float(page.locator(f'[data-part="{name}"]').input_value()) for name in ("start", "end"))
    assert abs(start - 1.0) < 0.05 and abs(end - 2.0) < 0.05
    view = page.locator(".view")
    view.focus()
    for _ in range(8):
        page.keyboard.press("+")
    until(page, "location.hash.includes('t=')")
    zoomed = re.search(r"t=([\d.]+)%2C([\d.]+)", page.evaluate("location.hash"))
    assert zoomed is not None and abs(float(zoomed[2]) - float(zoomed[1]) - 0.05) < 0.002, "down to 50 ms"
    page.keyboard.press("Escape")
    assert page.locator('[data-part="start"]').input_value() == ""
    page.locator('[data-set="model"]').select_option("whisper")
    expect(page.locator("[data-veil]")).to_contain_text("8000 Hz")
    page.locator('[data-filter="word"]').fill("impulse")
    expect(page.locator("output[data-count]")).to_have_text("1 of 2 claims")
    page.get_by_role("button", name="Whole", exact=True).click()
    page.wait_for_timeout(500)
    with page.expect_download() as loading:
        page.get_by_role("button", name="Picture as SVG").click()
    svg = Path(loading.value.path()).read_text(encoding="utf-8")
    assert svg.startswith("<svg") and "Attack-impulse" in svg
    assert "<script" not in svg and "&#60;script" in svg, "markup in titles is text"
    assert errors == []
    page.context.close()


def test_two_hours_with_ten_thousand_claims_open_at_once(browser: Browser, endpoint: Endpoint) -> None:
    headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    with httpx.Client(base_url=endpoint.base, headers=headers, timeout=60) as client:
        assert client.get("/workbench/recording/open").status_code == 200, "the processes that answer are there"
        began = time.monotonic()
        answer = client.get("/workbench/recording/long")
        assert answer.status_code == 200 and time.monotonic() - began < 2
        size = answer.num_bytes_downloaded
        files = {
            name.replace("../", "") for name in re.findall(r'(?:src|href)="([./]+[^"]*static/[^"]+)"', answer.text)
        }
        modules = ("glyphs", "layers", "curves", "tiles", "picture", "picker", "saying")
        for name in sorted(files | {f"workbench/static/{one}.js" for one in modules}):
            size += client.get(f"/{name}").raise_for_status().num_bytes_downloaded
        size += client.get("/workbench/layers/recording/long").raise_for_status().num_bytes_downloaded
    assert len(files) > 4 and size < 300_000, size
    page, errors = opened(browser)
    page.goto(f"{endpoint.base}workbench/recording/long")
    expect(page.locator("#timeline[data-ready]")).to_be_attached(timeout=20_000)
    expect(page.locator("output[data-count]")).to_contain_text(f"{MANY} of {MANY} claims")
    assert page.locator("[data-list] tr").count() <= 50
    page.locator(".view").focus()
    page.keyboard.press("+")
    page.get_by_role("button", name="Whole", exact=True).click()
    assert errors == []
    page.context.close()


def test_a_file_is_sent_and_its_claims_are_seen(browser: Browser, endpoint: Endpoint, tmp_path: Path) -> None:
    sound = write(tmp_path / "gong.wav", stroke(500, 1.5))
    page, errors = opened(browser)
    page.goto(f"{endpoint.base}workbench/add")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#file-fault")).to_have_text("Choose a sound file first.")
    page.get_by_label("Sound file").set_input_files(sound)
    page.get_by_label("Title of the work").fill("Gong <i>1</i>")
    page.get_by_role("button", name="Send").click()
    page.get_by_label("Token").fill("acousma_expired")
    page.locator("#signing").get_by_role("button", name="Sign in").click()
    expect(page.locator("#token-fault")).to_be_visible()
    page.get_by_label("Token").fill(endpoint.tokens["Ada"])
    page.locator("#signing").get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Open the recording").click(timeout=120_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Gong <i>1</i>")
    expect(page.locator("#timeline[data-ready]")).to_be_attached()
    assert page.locator("[data-list] tr").count() > 3
    assert "sound private" in page.inner_text(".opening"), "no licence was named"
    assert page.locator("#timeline").get_attribute("data-heard") == "yes", "whoever is signed in hears it"
    assert [text for text in errors if "401" not in text] == []
    page.context.close()
