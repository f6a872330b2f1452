"""A walk in a real browser: ask, reject, see the claim leave, undo, correct by ear, compare; and everybody can."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.bench import make_archive
from tests.endpoint import Endpoint, serving
from tests.graphs import GLASS_TIDES, KIEFERNWALD, MINTER

pytestmark = [pytest.mark.browser, pytest.mark.server]

PAIR = "&".join(
    f"{side}=recording/{piece.recording.id}" for side, piece in (("left", GLASS_TIDES), ("right", KIEFERNWALD))
)
PAGES = [
    "ask", "ask/concept_across_works?concept=morphologicalArchetype", "ask/opens_with?view=timeline",
    "ask/concept_across_works?concept=morphologicalArchetype&view=map", "ask/timeline?work=Glass&view=multiples",
    "ask/opens_with?concept=nonsense", "review", "review/agreement", "compare", f"compare?{PAIR}", "models",
]  # fmt: skip
QUESTION = "ask/concept_across_works?concept=graduatedContinuant"


@dataclass
class Visit:
    """A page of a browser on a server, with what it complained of."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.base}workbench/{path}")

    def sign_in(self, token: str) -> None:
        self.page.wait_for_selector("#signing[open]")
        self.page.fill("#token", token)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#signing[open]", state="detached")

    def rows(self) -> int:
        return int(self.page.inner_text("#answer").split()[0])


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder: Path = tmp_path_factory.mktemp("walked") / "archive"
    make_archive(folder)
    with serving(folder, base_iri=MINTER.base) as running:
        yield running


def visit(browser: Browser, endpoint: Endpoint, width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Visit:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True)
    made = Visit(context.new_page(), endpoint.base)
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.page.on("console", lambda message: made.complaints.append(message.text) if message.type == "error" else None)
    return made


def test_a_claim_is_rejected_by_a_key_leaves_the_answer_and_comes_back_on_undo(
    browser: Browser, endpoint: Endpoint
) -> None:
    one, other = visit(browser, endpoint), visit(browser, endpoint)
    other.go(QUESTION)
    before = other.rows()
    one.go("review?queue=concept_across_works&concept=graduatedContinuant&again=1")
    one.page.wait_for_selector("#card article")
    one.page.keyboard.press("r")
    one.sign_in(endpoint.tokens["Ada"])
    one.page.wait_for_selector(".waiting .verdict.rejected:visible")
    other.page.reload()
    assert other.rows() == before - 1
    one.page.keyboard.press("u")
    one.page.wait_for_selector(".waiting .verdict.rejected:visible", state="detached")
    one.page.wait_for_selector(".statements .gone")
    other.page.reload()
    assert other.rows() == before
    assert one.complaints == other.complaints == []
    one.page.context.close()
    other.page.context.close()


def test_a_claim_is_corrected_by_ear_with_a_dragged_stretch_and_the_concept_picker(
    browser: Browser, endpoint: Endpoint
) -> None:
    one = visit(browser, endpoint)
    one.go("review?queue=concept_across_works&concept=granularMotion&again=1")
    one.page.click("#sign-in")
    one.sign_in(endpoint.tokens["Ada"])
    one.page.wait_for_selector("#card article")
    picture = one.page.locator(".around svg")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    one.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 8)
    one.page.mouse.down()
    one.page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 9, steps=5)
    one.page.mouse.up()
    start, end = (float(one.page.input_value(f"#ear-{name}")) for name in ("start", "end"))
    assert 0 < start < end < 20 and start != 5.0
    one.page.fill("#ear-concept", "körniges rau")
    one.page.wait_for_selector("#ear-concept-choices li")
    one.page.keyboard.press("ArrowDown")
    one.page.keyboard.press("Enter")
    assert one.page.input_value("#ear-concept") == "Granular noise"
    one.page.click("button[value=correction]")
    one.page.wait_for_selector(".statements .verdict.rejected")
    one.go("ask/concept_across_works?concept=granularNoise")
    assert "Ada" in one.page.inner_text("table.rows")
    assert one.complaints == []
    one.page.context.close()


def test_an_expired_token_is_said_and_what_was_typed_stays(browser: Browser, endpoint: Endpoint) -> None:
    one = visit(browser, endpoint)
    one.go("review?again=1")
    one.page.wait_for_selector("#card article")
    one.page.evaluate("sessionStorage.setItem('acousma.token', 'acousma_gone')")
    one.page.fill("#reason", "I hear a gong")
    one.page.press("#reason", "Enter")
    one.page.wait_for_selector("#signing[open]")
    assert "expired" in one.page.inner_text("#said")
    one.page.keyboard.press("Escape")
    assert one.page.input_value("#reason") == "I hear a gong"
    one.page.context.close()


def test_questions_are_asked_changed_and_shown_in_four_ways_and_the_back_button_goes_back(
    browser: Browser, endpoint: Endpoint
) -> None:
    one = visit(browser, endpoint)
    one.go("ask")
    one.page.fill("#narrow", "opens with")
    assert one.page.locator(".questions li:visible").count() < 6
    one.page.click("text=Which works open with this concept?")
    one.page.fill("#p-concept", "continuant graduel")
    one.page.click("form.asking button.button")
    one.page.wait_for_selector("table.rows")
    assert "Graduated continuant" in one.page.inner_text("table.rows")
    assert "limit" in one.page.url or "concept=" in one.page.url
    one.page.click(".views a:has-text('Timeline')")
    one.page.wait_for_selector(".drawn svg")
    with one.page.expect_download() as saved:
        one.page.click("button[data-save=png]")
    assert saved.value.suggested_filename.endswith(".png") and saved.value.path().read_bytes()[:4] == b"\x89PNG"
    with one.page.expect_download() as saved:
        one.page.click("button[data-save=svg]")
    assert "<svg" in saved.value.path().read_text(encoding="utf-8")
    one.page.go_back()
    one.page.wait_for_selector("table.rows")
    one.page.click(".concept-field button")
    one.page.fill("dialog.picker input", "Einsatz")
    one.page.click("dialog.picker li button >> nth=0")
    assert one.page.input_value("#p-concept")
    assert one.complaints == []
    one.page.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_page_has_a_barrier_that_axe_knows_is_too_wide_or_complains(
    browser: Browser, endpoint: Endpoint, width: int, scheme: Literal["light", "dark"]
) -> None:
    one = visit(browser, endpoint, width, scheme)
    found = []
    for path in PAGES:
        one.go(path)
        if path == "review":
            one.page.wait_for_selector("#card article")
            one.page.click("#by-ear summary")
        assert one.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        results = Axe().run(one.page).response
        found += [(path, rule["id"], rule["impact"], rule["nodes"][0]["html"][:160]) for rule in results["violations"]]
    assert found == []
    assert [text for text in one.complaints if "404" not in text] == []
    one.page.context.close()
