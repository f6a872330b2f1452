"""In a real browser: a listening model is chosen for a sound, terms are heard, works compared by hand, and what fails
is said."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from safetensors.torch import load_file, save_file

from tests.endpoint import Endpoint, serving
from tests.shelf import Shelf, build
from tests.sounds import stroke, tone, write
from tests.tiny_models import save

pytestmark = [pytest.mark.browser, pytest.mark.server]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return build(tmp_path_factory.mktemp("tried"))


def opinionated(folder: Path) -> Path:
    """Save a model with random weights that is sure of what it says; else it would find nothing worth a claim."""
    model = save("clap", folder)
    file = model / "model.safetensors"
    weights = load_file(file)
    for name in weights:
        if name.startswith("logit_scale"):
            weights[name] = torch.tensor(9.0)
    save_file(weights, file, metadata={"format": "pt"})
    return model


@pytest.fixture(scope="module")
def endpoint(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    model = opinionated(tmp_path_factory.mktemp("models"))
    described = json.dumps({"Tiny CLAP": f"clap={model}"})
    with serving(shelf.archive, base_iri="http://localhost:8000/", describers=described) as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which no script may fail; what a server refuses is no failure of a script."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    made, errors = context.new_page(), list[str]()
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    yield made
    context.close()
    assert [text for text in errors if "Failed to load resource" not in text] == []


def sign_in(page: Page, token: str) -> None:
    page.get_by_role("button", name="Sign in").first.click()
    page.get_by_label("Token").fill(token)
    page.locator("#signing").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def send(page: Page, endpoint: Endpoint, sound: Path, title: str) -> None:
    page.goto(f"{endpoint.base}workbench/add")
    sign_in(page, endpoint.tokens["Ada"])
    page.get_by_label("Sound file").set_input_files(sound)
    page.get_by_label("Title of the work").fill(title)
    page.get_by_label("Licence of the sound").fill("CC0")
    page.get_by_label("Tiny CLAP").check()
    page.get_by_role("button", name="Send").click()


def test_a_listening_model_is_chosen_listens_and_its_claims_are_seen_and_reviewed(
    page: Page, endpoint: Endpoint, tmp_path: Path
) -> None:
    send(page, endpoint, write(tmp_path / "gong.wav", stroke(500, 1.5)), "Gong heard by a model")
    line = page.locator("#jobs li", has_text="Gong heard by a model")
    expect(line).to_contain_text("with Tiny CLAP")
    expect(line.locator("progress")).to_be_visible(timeout=60_000)
    line.get_by_role("link", name="Open the recording").click(timeout=240_000)
    expect(page.locator("#timeline[data-ready]")).to_be_attached()
    agents = page.locator('[data-filter="agent"] option').all_inner_texts()
    model = next(name for name in agents if name.startswith("tiny-clap"))
    page.locator('[data-filter="agent"]').select_option(label=model)
    assert int(page.locator("output[data-count]").inner_text().split()[0]) > 0, "the model claims something"
    row = page.locator("[data-list] tr").first
    expect(row).to_contain_text("tiny-clap")
    row.get_by_role("link").click()
    expect(page.locator(".lead")).to_contain_text("tiny-clap")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator("#reviews")).to_contain_text("rejected")
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#reviews .replaced")).to_contain_text("rejected")


def test_a_job_whose_process_dies_is_told_and_the_form_goes_on(page: Page, endpoint: Endpoint, tmp_path: Path) -> None:
    long = write(tmp_path / "long.wav", np.tile(tone(300, 20.0), 30))
    send(page, endpoint, long, "A job that dies")
    line = page.locator("#jobs li", has_text="A job that dies")
    expect(line.locator(".state.running")).to_be_visible(timeout=60_000)
    os.kill(_working(endpoint.process.pid), signal.SIGKILL)
    expect(line.locator(".state.failed")).to_be_visible(timeout=30_000)
    expect(line.locator(".fault")).to_contain_text("ended with the code -9")
    page.reload()
    expect(page.locator("#jobs li", has_text="A job that dies")).to_contain_text("failed")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def _working(server: int) -> int:
    """Return the process that does the job of a server."""
    for _ in range(100):
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == server and b"api.jobs.work" in command:
                return int(folder.name)
        time.sleep(0.05)
    raise AssertionError("no job is being done")


def test_a_term_is_heard_although_no_recording_holds_it(page: Page, endpoint: Endpoint) -> None:
    page.goto(f"{endpoint.base}vocab/reversedOnset.html")
    page.locator("#sounding").scroll_into_view_if_needed()
    expect(page.locator("#sounding")).to_contain_text("No passage of this archive")
    examples = page.locator("#sounding li")
    expect(examples).to_have_count(3)
    expect(examples.first).to_contain_text("a synthetic sound, rendered by the generators of the corpus")
    with page.expect_response(re.compile("rendered/reversedOnset/1")) as told:
        examples.nth(1).get_by_role("button").click()
    assert told.value.ok
    expect(examples.nth(1).get_by_role("button")).to_have_class(re.compile("playing"))
    expect(examples.nth(1).get_by_role("button")).not_to_have_class(re.compile("playing"), timeout=15_000)


def test_two_works_are_chosen_by_hand_and_compared(page: Page, endpoint: Endpoint) -> None:
    page.goto(f"{endpoint.base}workbench/")
    page.get_by_role("link", name="Compare").click()
    expect(page.locator(".empty")).to_contain_text("Choose two recordings above")
    page.get_by_label("First recording").select_option(label="Kept — Bo")
    page.get_by_label("Second recording").select_option(label="Gone — Bo")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#lines svg")).to_be_visible()
    expect(page.locator("#difference svg")).to_be_visible()
    table = page.locator("table.rows")
    expect(table).to_contain_text("Bright")
    expect(table).to_contain_text("Dark")
    with page.expect_download() as saved:
        page.locator("#coherence button[data-save=svg]").click()
    assert "<svg" in saved.value.path().read_text(encoding="utf-8")
    page.get_by_label("Time").select_option(label="both stretched to one length")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#lines svg")).to_contain_text("100 %")
    page.go_back()
    expect(page.locator("#lines svg")).not_to_contain_text("100 %")


def test_a_work_without_claims_and_one_without_sound_say_so(page: Page, endpoint: Endpoint) -> None:
    page.goto(f"{endpoint.base}workbench/recording/bare")
    expect(page.locator("main")).to_contain_text("Nothing has been claimed of this recording yet.")
    expect(page.locator("main")).to_contain_text("No sound of this recording is kept here")
    page.goto(f"{endpoint.base}workbench/recording/kept")
    expect(page.locator("main")).to_contain_text("The sound of this recording is private.")
    page.get_by_role("link", name="Bright", exact=True).first.click()
    expect(page.locator("main")).to_contain_text("private")
    page.go_back()
    page.goto(f"{endpoint.base}workbench/compare?left=recording/bare&right=recording/gone")
    expect(page.locator("#lines svg")).to_be_visible()


def test_a_recording_that_was_withdrawn_while_it_was_seen_is_told(page: Page, endpoint: Endpoint) -> None:
    page.goto(f"{endpoint.base}workbench/")
    page.evaluate("document.querySelector('.work h3 a').href = 'recording/withdrawn'")
    page.locator(".work h3 a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This page cannot be shown")
    expect(page.locator("main")).to_contain_text("it may have been withdrawn")
    page.get_by_role("link", name="Back to the archive").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What is heard here")
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("What is heard here")


def test_aspects_unfold_curves_are_drawn_and_a_claim_of_the_table_is_shown(page: Page, endpoint: Endpoint) -> None:
    page.goto(f"{endpoint.base}workbench/recording/open")
    expect(page.locator("#timeline[data-ready]")).to_be_attached()
    page.get_by_role("button", name="Play Attack-decay, 0:00.5 to 0:01.1").click()
    expect(page.locator("[data-chosen]")).to_contain_text("Attack-decay")
    page.locator("[data-chosen] a").click()
    expect(page.locator("#trace")).to_contain_text("Brightness (spectral centroid)")
    page.get_by_role("link", name="See it in the recording").click()
    expect(page.locator("#timeline[data-ready]")).to_be_attached()
    assert float(page.locator('[data-part="start"]').input_value()) == 0.5


@pytest.mark.parametrize(("width", "scheme"), [(1920, "dark"), (390, "light")])
def test_axe_finds_nothing_on_a_term_and_on_pages_with_jobs(
    browser: Browser, endpoint: Endpoint, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    for path in ("vocab/attackDecay.html", "workbench/add", "workbench/recording/bare", "workbench/models"):
        page.goto(f"{endpoint.base}{path}")
        if path.startswith("vocab"):
            page.locator("#sounding").scroll_into_view_if_needed()
            expect(page.locator("#sounding li").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:160]) for one in found] == [], (path, width)
    context.close()
