"""A browser at /sparql gets a console that comes whole from this server, and answers."""

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from store import open_store
from tests.test_uploads import serving

pytestmark = pytest.mark.server
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("console") / "archive"
    with open_store(folder, writable=True) as store:
        store.bulk_load(b'<http://e/s> <http://e/p> "a gong" <http://e/g> .', ["http://e/g"])
        store.publish()
    with serving(folder) as made:
        yield made


def test_the_page_names_files_of_this_server_only_and_holds_no_script(client: httpx.Client) -> None:
    page = client.get("/sparql", headers=BROWSER)
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy and "http" not in policy
    assert "<script>" not in page.text and "style=" not in page.text
    for name in ("yasgui.min.js", "yasgui.min.css", "console.js", "console.css", "yasgui.LICENSE.txt"):
        assert f"console/{name}" in page.text
        assert client.get(f"/console/{name}").status_code == 200
    assert "sourceMappingURL" not in client.get("/console/yasgui.min.js").text
    offered = client.get("/console/examples.json").json()
    assert len(offered["questions"]) > 20 and offered["prefixes"]["acm"] in json.dumps(offered["classes"])


@pytest.mark.browser
def test_a_question_is_asked_and_answered_in_a_browser_without_other_servers(
    client: httpx.Client, browser: Browser
) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{client.base_url}/sparql#query=SELECT+%3Fo+%7B+%3Fs+%3Chttp%3A%2F%2Fe%2Fp%3E+%3Fo+%7D")
    page.wait_for_selector("[data-ready]", state="attached", timeout=60_000)
    page.wait_for_selector("#console .tabPanel.active .yasr_results td", timeout=60_000)
    assert "a gong" in page.inner_text("#console .tabPanel.active .yasr")
    assert page.locator("#stored option").count() > 20
    page.close()
    assert complaints == []
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == {client.base_url.netloc.decode()}
