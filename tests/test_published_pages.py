"""The pages say what the published statements say, in words, and hold together."""

import re
import shutil
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import html5rdf
import pyoxigraph as ox
import pytest

from api.published.diagrams import FIGURES
from api.published.examples import EXAMPLE
from api.published.graph import ONTOLOGY, Published, load_published
from api.published.pages import Filter, Pages
from api.published.words import Bounds, condition_in_words, doubt_in_words
from ingest.rules import CLAIM, CONTRADICT, decide
from ontology.terms import ACM, ACV, PREFIXES, SpanKind
from ontology.validate import validate
from ontology.vocabulary import FOLDER, Condition, Rule, load_vocabulary
from tests.graphs import small_graph, store_of

PAGES = Pages(load_published(), "sparql")
HTML = ["index", *sorted(path for path in PAGES.documents if PAGES.has_html(path))]


def html(path: str) -> str:
    return PAGES.html(path).decode()


def plain(text: str) -> str:
    """The text of a page without its marks, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.fixture(scope="module")
def parsed() -> dict[str, Any]:
    """Every page, parsed strictly: any error of HTML syntax is raised."""
    return {path: html5rdf.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html(path)) for path in HTML}


def test_every_page_is_well_formed(parsed: dict[str, Any]) -> None:
    assert len(parsed) > 500


def test_no_page_breaks_its_own_security_policy(parsed: dict[str, Any]) -> None:
    for path, tree in parsed.items():
        for element in tree.iter():
            assert not [name for name in element.attrib if name == "style" or name.startswith("on")], path
            assert element.tag != "style", path
            assert element.tag != "script" or element.get("src"), path


def test_ids_are_unique_and_every_link_between_pages_leads_somewhere(parsed: dict[str, Any]) -> None:
    ids: dict[str, list[str]] = {
        f"{path}.html": [element.get("id") for element in tree.iter() if element.get("id")]
        for path, tree in parsed.items()
    }
    assert [path for path, found in ids.items() if len(found) != len(set(found))] == []
    dead = set()
    for path, tree in parsed.items():
        for element in tree.iter():
            target = element.get("href") or element.get("src") or ""
            if not target or "://" in target:
                continue
            address, _, fragment = target.partition("#")
            address = address.partition("?")[0]
            there = str(Path("/", path).parent.joinpath(unquote(address)).resolve())[1:] if address else f"{path}.html"
            if there in ids:
                if fragment and fragment not in ids[there]:
                    dead.add((path, target))
            elif there.partition("/")[0] in ("sparql", "static", "workbench"):
                continue  # the server has them; tests of its own look at them
            elif there.rpartition(".")[0] not in PAGES.documents:
                dead.add((path, target))
    assert dead == set()


def test_a_page_is_made_in_less_than_50_ms_on_average() -> None:
    pages = Pages(load_published())
    for path in ("ontology", "vocab/bright"):  # templates are compiled once
        pages.html(path)
    began = time.perf_counter()
    for path in HTML:
        pages.html(path)
    assert (time.perf_counter() - began) / len(HTML) < 0.05


@pytest.mark.parametrize("concept", ["graduatedContinuant", "bright", "growthTerm", "dsOffsetSoft"])
def test_the_page_of_a_concept_says_what_the_table_says(concept: str) -> None:
    row, text = load_vocabulary().concepts[concept], html(f"vocab/{concept}")
    for language, label in row.label.items():
        assert f'lang="{language}">{label}<' in text or f"<h1>{label}" in text
    said = plain(text)
    for words in (row.definition, row.source, row.measure_hint):
        assert " ".join(words.split()) in said
    for _, target in row.mappings:
        assert f'href="../vocab/{target}.html"' in text


def test_a_tie_is_told_on_both_pages() -> None:
    assert 'is narrower than</span> <a href="../vocab/growthProcess.html"' in html("vocab/growthTerm")
    assert 'is broader than</span> <a href="../vocab/growthTerm.html"' in html("vocab/growthProcess")


def test_a_rule_is_told_in_words_with_the_numbers_of_the_table() -> None:
    said = plain(html("vocab/attackDecay"))
    assert "Attack time is below 30 ms" in said
    assert "Time to -20 dB is between 80 ms and 10 s" in said
    assert html("vocab/attackDecay").count('<svg class="curve"') == 3


@pytest.mark.parametrize(
    "condition",
    [Condition("attackTime", 0.08, None, 0.3, "x"), Condition("plateauShare", None, 0.4, 0.05, "x"),
     Condition("decayTime", 0.08, 10.0, 0.3, "x")],
    ids=["log minimum", "linear maximum", "both"],
)  # fmt: skip
def test_the_zone_of_doubt_ends_where_the_describer_claims_and_contradicts(condition: Condition) -> None:
    vocabulary = load_vocabulary()
    observed = vocabulary.properties[condition.property]
    bounds = Bounds(condition.minimum, condition.maximum, condition.margin, observed.unit, observed.scale)
    rule = Rule("bright", "brightnessLevel", frozenset({SpanKind.WHOLE_RECORDING}), (condition,))
    sides = ((condition.minimum, 1), (condition.maximum, -1))
    for bound, side in sides:
        for probability in (CLAIM, CONTRADICT) if bound is not None else ():
            assert bound is not None
            value = bounds.edge(bound, probability, 1 if side == 1 else -1)
            decision = decide(rule, {condition.property: value}, vocabulary)
            assert decision is not None
            assert decision.probability == pytest.approx(probability)
            assert bounds.holds(value) == pytest.approx(probability)


def test_words_for_a_condition_read_well() -> None:
    bounds = Bounds(2000, None, 0.2, "Hz", "log")
    assert condition_in_words(bounds) == "above 2\xa0kHz"
    assert doubt_in_words(bounds) == (
        "Above 2.11\xa0kHz it speaks for the term, below 1.67\xa0kHz against it; in between it decides nothing."
    )


def test_every_class_and_property_has_an_anchor_a_definition_and_a_source() -> None:
    text, published = html("ontology"), load_published()
    terms = {iri for iri in published.known if iri.startswith(ONTOLOGY + "#")}
    assert len(terms) > 25
    for iri in terms:
        name = iri.partition("#")[2]
        section = text.partition(f'<section class="model" id="{name}"')[2].partition("</section>")[0]
        assert published.text(iri, PREFIXES["skos"] + "definition") in plain(section), iri
        assert "<dt>Source</dt>" in section, iri


@pytest.mark.parametrize("name", ["Claim", "Span", "Assessment", "Rule", "aspect", "confidence", "margin"])
def test_a_term_of_the_ontology_has_an_example_in_turtle(name: str) -> None:
    section = html("ontology").partition(f'<section class="model" id="{name}"')[2].partition("</section>")[0]
    example = re.findall(r"<code>([^<]*acm:[^<]*)</code></pre>", section)
    assert example
    assert f"acm:{name}" in example[0]


def test_every_name_in_the_diagrams_is_declared() -> None:
    published = load_published()
    subjects = {quad.subject for quad in published.store}
    declared = {published.short(subject.value) for subject in subjects if isinstance(subject, ox.NamedNode)}
    shown = [box.name for *_, boxes, _ in FIGURES for box in boxes]
    shown += [line for *_, boxes, _ in FIGURES for box in boxes for line in box.lines if ":" in line]
    shown += [arrow.label for *_, arrows in FIGURES for arrow in arrows]
    unsaid = {"dcterms:creator", "dcterms:created", "foaf:name"}  # annotation properties of others
    assert sorted(set(shown) - declared - unsaid) == []


def test_the_worked_example_keeps_to_the_shapes() -> None:
    assert validate(list(ox.parse(path=str(EXAMPLE), format=ox.RdfFormat.TURTLE))).findings == ()


def snippets(path: str) -> tuple[str, str]:
    found = re.findall(r"<pre[^>]*><code>([^<]*)</code></pre>", html(path))
    *turtle, sparql = (text.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"') for text in found)
    return "".join(turtle), sparql


def test_every_example_of_a_term_can_be_pasted() -> None:
    store = store_of(small_graph())
    count = 0
    for path in HTML:
        if '<section id="example">' in html(path):
            turtle, sparql = snippets(path)
            statements = list(ox.parse(turtle, format=ox.RdfFormat.TURTLE))
            shown = any(str(quad.object) == f"<{ACV}{path.removeprefix('vocab/')}>" for quad in statements)
            assert shown == bool(turtle), path
            store.query(sparql.replace("LIMIT 100", "LIMIT 0"), use_default_graph_as_union=True)
            count += 1
    assert count > 500


def test_only_of_what_can_be_heard_a_claim_is_shown() -> None:
    for heard in ("bright", "morphologicalArchetype"):
        assert "A claim that it is heard" in html(f"vocab/{heard}")
    for path in ("vocab/balancedAccuracy", "vocab/verdict", "vocab/ruleMargin", "vocab/conditionClean"):
        assert "A claim that it is heard" not in html(path)
        assert "How it is measured" not in html(path)
    assert "acm:confidenceKind acv:ruleMargin" in plain(html("vocab/ruleMargin"))


@pytest.mark.parametrize("term", ["graduatedContinuant", "attackTime"])
def test_the_question_of_a_page_is_answered_by_an_archive(term: str) -> None:
    answer = store_of(small_graph()).query(snippets(f"vocab/{term}")[1], use_default_graph_as_union=True)
    assert isinstance(answer, ox.QuerySolutions)
    rows = list(answer)
    assert rows
    assert all(row["title"] is not None and row["start"] is not None for row in rows)


def test_the_link_of_a_question_holds_the_question() -> None:
    link = re.findall(r'class="button ask" href="([^"]+)"', html("vocab/bright"))[0]
    assert unquote(link.replace("+", " ")).replace("&#34;", '"') == "../sparql#query=" + snippets("vocab/bright")[1]
    assert "Ask this archive" not in Pages(load_published()).html("vocab/bright").decode()


@pytest.mark.parametrize(
    ("wanted", "hits"),
    [(Filter("helligkeit"), 3), (Filter("HELLIGKEIT "), 3), (Filter("etude"), 0), (Filter("zzz"), 0), (Filter(), 519)],
)
def test_a_search_folds_case_and_accents(wanted: Filter, hits: int) -> None:
    text = PAGES.search(wanted).decode()
    found = re.search(r'role="status">(?:(\d+) of )?(\d+) terms', text)
    assert found
    total = len(load_vocabulary().concepts) + len(load_vocabulary().properties)
    assert int(found[2]) == total
    assert int(found[1] or total) == (total if hits == 519 else hits)


MORE = f"""
@prefix acm: <{ACM.NS}> . @prefix acv: <{ACV}> . @prefix skos: <{PREFIXES["skos"]}> . @prefix owl: <{PREFIXES["owl"]}> .
@prefix rdfs: <{PREFIXES["rdfs"]}> . @prefix xsd: <{PREFIXES["xsd"]}> .
acv:bright skos:closeMatch acv:growthProcess .
acv:dark owl:deprecated true ; skos:changeNote "Use acv:deep instead."@en .
acm:Rumour a owl:Class ; rdfs:label "rumour"@en ; skos:definition "What is said of a term."@en .
<{ACV}rumour/brightness> a acm:Rumour ; rdfs:label "what is said of brightness"@en ; acm:about acv:dark , acv:bright .
"""


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """What is published, and one more file that nobody has told the pages of."""
    folder = tmp_path_factory.mktemp("grown")
    for path in FOLDER.glob("*.ttl"):
        shutil.copy(path, folder)
    (folder / "more.ttl").write_text(MORE, encoding="utf-8")
    yield Pages(Published(folder))


def test_a_label_nobody_has_reviewed_is_marked() -> None:
    assert '<span lang="de">hell</span> <span class="mark"' in html("vocab/bright")
    assert '<span lang="fr">objet sonore</span> <span class="mark"' not in html("vocab/soundObject")
    assert '<span lang="de">Klangobjekt</span> <span class="mark"' in html("vocab/soundObject")


def test_a_page_of_what_is_no_term_says_nothing_of_its_measurement() -> None:
    assert 'id="measured"' in html("vocab/bright")
    for page in ("vocab/envelope/qwen2-audio-7b", "vocab/scale/brightness"):
        assert 'id="measured"' not in html(page)


def test_a_scale_is_shown_as_a_row_of_its_terms() -> None:
    for page in ("vocab/bright", "vocab/dark", "vocab/scale/brightness"):
        row = re.findall(r'<ol class="scale">.*?</ol>', html(page), re.DOTALL)[0]
        assert re.findall(r"vocab/(\w+)\.html|/(\w+)\.html", row)
        assert plain(row).split() == ["Dark", "Bright"]
    assert '<li aria-current="true"><a href="../vocab/bright.html">' in html("vocab/bright")


def test_a_term_no_longer_used_says_so_and_why(grown: Pages) -> None:
    assert re.search(r"No longer used\..* Use acv:deep instead\.", plain(grown.html("vocab/dark").decode()))


def test_new_mappings_classes_and_things_appear_by_themselves(grown: Pages) -> None:
    assert 'is close to</span> <a href="../vocab/bright.html"' in grown.html("vocab/growthProcess").decode()
    assert 'href="../vocab/bright.html"' in grown.html("vocab/rumour/brightness").decode().replace("../../", "../")
    assert "what is said of brightness" in grown.html("vocab/bright").decode()
    assert 'id="Rumour"' in grown.html("ontology").decode()
