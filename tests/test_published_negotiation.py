"""Every published IRI leads to a page for people and to RDF for programs, as its reader asks."""

from collections.abc import Iterator
from typing import cast

import httpx
import pyoxigraph as ox
import pytest
from fastapi.testclient import TestClient

from api.published.graph import BASE, load_published
from api.published.pages import FORMATS
from api.published.routes import best_format
from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from ontology.jsonld import CONTEXTS
from ontology.terms import ENVELOPES_GRAPH, MAPPINGS_GRAPH, VOCABULARY_GRAPH
from ontology.vocabulary import FOLDER
from store import open_store

TURTLE = {"Accept": "text/turtle"}
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SYNTAX = {suffix: ox.RdfFormat.from_media_type(type_) for suffix, type_ in FORMATS.items() if suffix != ".html"}


GRAPHS = {VOCABULARY_GRAPH, ENVELOPES_GRAPH, MAPPINGS_GRAPH}


def iris() -> list[str]:
    """Every IRI of the namespace that stands anywhere in the published files, and the graph that holds them."""
    triples = [quad.triple for path in FOLDER.glob("*.ttl") for quad in ox.parse(path=str(path))]
    terms = {term for triple in triples for term in (triple.subject, triple.predicate, triple.object)}
    found = {term.value for term in terms if isinstance(term, ox.NamedNode) and term.value.startswith(BASE)}
    return sorted(found | GRAPHS)


IRIS = iris()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("published") / "archive"
    with open_store(folder, writable=True) as store:
        store.bulk_load(b"<http://e/s> <http://e/p> <http://e/o> <http://e/g> .\n", ["http://e/g"])
        store.publish()
    with opened_service(load_settings(str(folder))) as service, TestClient(create_app(service)) as made:
        yield cast(httpx.Client, made)


def get(client: httpx.Client, path: str, headers: dict[str, str], follow: bool = False) -> httpx.Response:
    return client.get(f"/{path}", headers=headers, follow_redirects=follow)


def test_the_context_that_annotations_name_can_be_had(client: httpx.Client) -> None:
    (path,) = [context.removeprefix(BASE) for context in CONTEXTS if context.startswith(BASE)]
    answer = get(client, path, {"Accept": "application/ld+json", "Origin": "https://reader.example.org"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ld+json")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.content == (FOLDER / "context.jsonld").read_bytes()


def test_there_are_many_iris() -> None:
    assert len(IRIS) > 650


def test_every_iri_leads_to_a_page_that_holds_its_anchor(client: httpx.Client) -> None:
    bodies: dict[str, str] = {}
    answers: dict[str, httpx.Response] = {}
    for iri in IRIS:
        document, _, fragment = iri.removeprefix(BASE).partition("#")
        answer = answers[document] = answers.get(document) or get(client, document, HTML)
        if answer.status_code == 303:
            there, _, hash_ = answer.headers["location"].partition("#")
            there = str(httpx.URL(f"http://testserver/{document}").join(there).path).lstrip("/")
            fragment = hash_ or fragment
            if there not in bodies:
                bodies[there] = get(client, there, HTML).text
            body = bodies[there]
        else:
            body = bodies.setdefault(document, answer.text)
            assert answer.status_code == 200, iri
        assert "<h1>" in body, iri
        assert not fragment or f'id="{fragment}"' in body, iri


def test_every_iri_leads_to_statements_about_it(client: httpx.Client) -> None:
    known = load_published().known
    subjects: dict[str, set[object]] = {}
    for iri in IRIS:
        if iri not in known | GRAPHS:  # the version, the namespace
            continue
        document = iri.removeprefix(BASE).partition("#")[0]
        if document not in subjects:
            answer = get(client, document, TURTLE, follow=True)
            assert answer.status_code == 200, iri
            subjects[document] = {quad.subject for quad in ox.parse(answer.content, format=ox.RdfFormat.TURTLE)}
        assert iri in GRAPHS or ox.NamedNode(iri) in subjects[document], iri


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        (None, ".html"),
        ("*/*", ".html"),
        (HTML["Accept"], ".html"),
        ("text/turtle", ".ttl"),
        ("application/ld+json", ".jsonld"),
        ("application/json", ".jsonld"),
        ("application/rdf+xml", ".rdf"),
        ("application/n-triples", ".nt"),
        ("text/html;q=0.4, text/turtle;q=0.9", ".ttl"),
        ("text/turtle;q=0, */*", ".html"),
        ("text/*", ".html"),
        ("application/*", ".jsonld"),
        ("image/png", None),
        ("text/html;q=0", None),
    ],
)
def test_the_syntax_a_reader_likes_best_is_chosen(accept: str | None, suffix: str | None) -> None:
    assert best_format(accept) == suffix


@pytest.mark.parametrize("suffix", SYNTAX)
@pytest.mark.parametrize(
    "path", ["ontology", "ontology/0.1", "shapes", "vocab", "vocab/bright", "vocab/rule/bright", "vocab/scheme/acousma"]
)
def test_all_syntaxes_say_the_same(client: httpx.Client, path: str, suffix: str) -> None:
    plain = get(client, path + ".nt", {})
    answer = get(client, path + suffix, {"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == FORMATS[suffix]
    graphs = []
    for content, format_ in ((plain.content, SYNTAX[".nt"]), (answer.content, SYNTAX[suffix])):
        assert format_ is not None
        dataset = ox.Dataset(ox.Quad(*quad.triple) for quad in ox.parse(content, format=format_))
        dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        graphs.append(dataset)
    assert graphs[0] == graphs[1]
    assert len(graphs[0]) > 2


def test_a_term_names_its_document_and_a_document_answers_itself(client: httpx.Client) -> None:
    term = get(client, "vocab/bright", TURTLE)
    assert (term.status_code, term.headers["location"]) == (303, "../vocab/bright.ttl")
    assert get(client, "vocab/bright", TURTLE, follow=True).status_code == 200
    document = get(client, "ontology", TURTLE)
    assert (document.status_code, document.headers["content-location"]) == (200, "/ontology.ttl")
    assert document.content == (FOLDER / "ontology.ttl").read_bytes()


def test_people_read_a_rule_on_the_page_of_its_concept(client: httpx.Client) -> None:
    for path in ("vocab/rule/bright", "vocab/rule/bright/brightnessCentroid"):
        answer = get(client, path, HTML, follow=True)
        assert (answer.url.path, answer.url.fragment) == ("/vocab/bright.html", "measured")


def test_a_concept_comes_with_its_rule_and_the_conditions(client: httpx.Client) -> None:
    statements = list(ox.parse(get(client, "vocab/bright.ttl", {}).content, format=ox.RdfFormat.TURTLE))
    assert {str(quad.subject) for quad in statements} == {
        f"<{BASE}vocab/{id_}>" for id_ in ("bright", "rule/bright", "rule/bright/brightnessCentroid")
    }


@pytest.mark.parametrize("path", ["ontology", "ontology/0.1", "vocab", "shapes"])
def test_versions_and_documents_answer_in_html(client: httpx.Client, path: str) -> None:
    answer = get(client, path, HTML)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_an_answer_says_where_its_other_forms_are_and_what_it_depends_on(client: httpx.Client) -> None:
    headers = get(client, "vocab/bright.html", HTML).headers
    assert f'<{BASE}vocab/bright>; rel="canonical"' in headers["link"]
    assert '</vocab/bright.jsonld>; rel="alternate"; type="application/ld+json"' in headers["link"]
    assert "Accept" in headers["vary"]
    assert headers["cache-control"].startswith("public, max-age=")
    assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["vocab/bright.html", "ontology.ttl", "static/acousma.css", "index.html"])
def test_what_a_client_has_already_is_not_sent_again(client: httpx.Client, path: str) -> None:
    first = get(client, path, {})
    again = get(client, path, {"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert get(client, path, {"If-None-Match": '"other"'}).status_code == 200


def test_forms_of_one_document_have_tags_of_their_own(client: httpx.Client) -> None:
    tags = {get(client, f"vocab/bright{suffix}", {}).headers["etag"] for suffix in FORMATS}
    assert len(tags) == len(FORMATS)


def test_head_is_answered_without_a_body(client: httpx.Client) -> None:
    answer = client.head("/vocab/bright.html")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", ["ontology", "vocab", "vocab/bright"])
def test_what_is_not_offered_is_refused_with_what_is(client: httpx.Client, path: str) -> None:
    answer = get(client, path, {"Accept": "image/png"})
    assert answer.status_code == 406
    assert all(type_ in answer.text for type_ in FORMATS.values())


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("vocab/graduatedContinuent", "vocab/graduatedContinuant"),
        ("vocab/attacktime.html", "vocab/attackTime"),
        ("vocab/Helligkeitsgrat", "vocab/brightnessLevel"),
    ],
)
def test_an_unknown_term_is_answered_with_those_near_it(client: httpx.Client, path: str, near: str) -> None:
    plain = get(client, path, {"Accept": "text/turtle"})
    assert (plain.status_code, near in plain.text) == (404, True), plain.text
    page = get(client, path, HTML)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert f'href="../{near}.html"' in page.text


def test_an_unknown_version_is_answered_with_those_there_are(client: httpx.Client) -> None:
    plain = get(client, "ontology/9.9", TURTLE)
    assert (plain.status_code, "0.1" in plain.text) == (404, True)
    page = get(client, "ontology/9.9", HTML)
    assert (page.status_code, "ontology/0.1.html" in page.text) == (404, True)


@pytest.mark.parametrize(
    "path", ["vocab/%3Cscript%3Ealert(1)", "vocab/..%2F..%2Fetc%2Fpasswd", "vocab/a\u0301%00", "static/x.css"]
)
def test_odd_names_are_told_as_text_and_read_no_file(client: httpx.Client, path: str) -> None:
    answer = get(client, path, HTML)
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert "root:" not in answer.text


def test_a_browser_is_led_home_and_a_program_gets_text(client: httpx.Client) -> None:
    assert get(client, "", HTML, follow=True).url.path == "/workbench/"
    assert get(client, "", {"Accept": "*/*"}).headers["content-type"].startswith("text/plain")


def test_the_plain_form_searches_without_a_script(client: httpx.Client) -> None:
    answer = client.get("/vocab.html", params={"q": "HELLIGKEIT", "measurable": "yes"})
    assert "3 of " in answer.text
    hidden = answer.text.count('class="entry" data-id') - answer.text.count(" hidden data-category")
    assert 0 < hidden < 12
    assert 'value="HELLIGKEIT"' in answer.text
