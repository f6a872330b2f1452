"""The tables of the side index.

Conventions
-----------
- Every row belongs to a named graph and goes with it; ``graphs.revision`` says of which revision its rows are.
- Nodes (spans, claims, concepts, agents, works ...) are numbers; ``nodes`` has their IRIs.
- Times, confidences and durations are whole millionths (of a second, of 1), so that they compare and subtract exactly.
- ``claims`` has a row per annotation, target, body, maker, aspect and confidence: usually one per annotation. What an
  annotation or its span lacks is NULL, as it would be unbound in an ``OPTIONAL``.
- ``observations`` has a row per observation, span, unit and annotation of it; ``exact`` says whether the value is a
  decimal that can be had back from the number.
- ``figures`` has what an envelope carries, a concept needs and a loss is measured by, in millionths, under the local
  name of the property in the ontology.
- ``places`` has the recordings in the order of most answers, by title and IRI; an answer in that order ends with its
  limit.
- What a table cannot hold exactly (a title with a language, a time finer than a millionth) is named in ``strange``;
  while there is any, stored questions are answered by SPARQL alone.
"""

__all__ = ["FILE", "LOG", "MILLION", "SCHEMA", "TABLES", "VERSION"]

FILE = "index.sqlite"
"""Name of the file, in the folder of the archive and in that of a generation."""

LOG = "index.sqlite-wal"
"""Name of the log beside it, as SQLite has it."""

VERSION = 3
"""Number of this schema, as ``user_version``; an index of another number is made anew."""

MILLION = 1_000_000

TABLES = (
    "spans", "kinds", "claims", "assessments", "names", "works", "creators", "broader", "durations", "counts",
    "descriptions", "observations", "strange", "listeners", "derived",
    "people", "rules", "replaced", "envelopes", "figures", "reasons",
)  # fmt: skip
"""The tables with a column ``graph``."""

SCHEMA = """
CREATE TABLE graphs (id INTEGER PRIMARY KEY, iri TEXT NOT NULL UNIQUE, revision TEXT NOT NULL);
CREATE TABLE nodes (id INTEGER PRIMARY KEY, iri TEXT NOT NULL UNIQUE);
CREATE TABLE spans (graph INTEGER, node INTEGER, recording INTEGER, start INTEGER, stop INTEGER);
CREATE INDEX spans_by_node ON spans (node);
CREATE INDEX spans_by_graph ON spans (graph);
CREATE INDEX spans_by_recording ON spans (recording, start);
CREATE TABLE kinds (graph INTEGER, node INTEGER, kind INTEGER);
CREATE INDEX kinds_by_node ON kinds (node, kind);
CREATE INDEX kinds_by_graph ON kinds (graph);
CREATE TABLE claims (
  graph INTEGER, node INTEGER, span INTEGER, recording INTEGER, start INTEGER, stop INTEGER,
  concept INTEGER, aspect INTEGER, agent INTEGER, confidence INTEGER
);
CREATE INDEX claims_by_concept ON claims (concept, recording, start, stop);
CREATE INDEX claims_by_aspect ON claims (recording, aspect, start, stop);
CREATE INDEX claims_by_node ON claims (node);
CREATE INDEX claims_by_confidence ON claims (confidence);
CREATE INDEX claims_by_span ON claims (span);
CREATE INDEX claims_by_graph ON claims (graph);
CREATE TABLE assessments (graph INTEGER, node INTEGER, claim INTEGER, verdict INTEGER, agent INTEGER);
CREATE INDEX assessments_by_claim ON assessments (claim, verdict);
CREATE INDEX assessments_by_verdict ON assessments (verdict);
CREATE INDEX assessments_by_agent ON assessments (agent);
CREATE INDEX assessments_by_graph ON assessments (graph);
CREATE TABLE names (graph INTEGER, node INTEGER, text TEXT);
CREATE INDEX names_by_node ON names (node, graph);
CREATE INDEX names_by_graph ON names (graph);
CREATE TABLE works (graph INTEGER, work INTEGER, recording INTEGER);
CREATE INDEX works_by_recording ON works (recording);
CREATE INDEX works_by_work ON works (work);
CREATE TABLE creators (graph INTEGER, work INTEGER, person INTEGER);
CREATE INDEX creators_by_work ON creators (work);
CREATE INDEX creators_by_person ON creators (person);
CREATE TABLE broader (graph INTEGER, concept INTEGER, wide INTEGER);
CREATE INDEX broader_by_wide ON broader (wide, concept);
CREATE INDEX broader_by_concept ON broader (concept, wide);
CREATE TABLE durations (graph INTEGER, recording INTEGER, duration INTEGER);
CREATE INDEX durations_by_recording ON durations (recording);
CREATE TABLE counts (graph INTEGER, recording INTEGER, concept INTEGER, agent INTEGER, number INTEGER);
CREATE INDEX counts_by_recording ON counts (recording);
CREATE INDEX counts_by_concept ON counts (concept);
CREATE INDEX counts_by_graph ON counts (graph);
CREATE TABLE descriptions (id INTEGER PRIMARY KEY, graph INTEGER, node INTEGER, span INTEGER, words INTEGER);
CREATE INDEX descriptions_by_graph ON descriptions (graph);
CREATE VIRTUAL TABLE texts USING fts5 (folded, tokenize = 'trigram', detail = 'none');
CREATE TABLE observations (
  graph INTEGER, span INTEGER, property INTEGER, value REAL, exact INTEGER, unit TEXT, agent INTEGER
);
CREATE INDEX observations_by_property ON observations (property, value, span);
CREATE INDEX observations_by_span ON observations (span);
CREATE INDEX observations_by_graph ON observations (graph);
CREATE TABLE strange (graph INTEGER, node INTEGER, why TEXT);
CREATE TABLE listeners (graph INTEGER, recording INTEGER, agent INTEGER);
CREATE INDEX listeners_by_recording ON listeners (recording, agent, graph);
CREATE INDEX listeners_by_graph ON listeners (graph, agent);
CREATE TABLE derived (graph INTEGER, node INTEGER, source INTEGER);
CREATE INDEX derived_by_source ON derived (source);
CREATE INDEX derived_by_graph ON derived (graph);
CREATE TABLE replaced (graph INTEGER, node INTEGER);
CREATE INDEX replaced_by_node ON replaced (node);
CREATE TABLE people (graph INTEGER, node INTEGER);
CREATE INDEX people_by_node ON people (node);
CREATE TABLE rules (graph INTEGER, concept INTEGER);
CREATE INDEX rules_by_concept ON rules (concept);
CREATE TABLE envelopes (graph INTEGER, agent INTEGER, envelope INTEGER);
CREATE INDEX envelopes_by_agent ON envelopes (agent, graph);
CREATE TABLE figures (graph INTEGER, node INTEGER, term TEXT, value INTEGER);
CREATE INDEX figures_by_term ON figures (term, node);
CREATE TABLE reasons (graph INTEGER, property INTEGER, reason INTEGER);
CREATE TABLE places (rank INTEGER PRIMARY KEY, recording INTEGER, work INTEGER, title TEXT, creator TEXT);
CREATE INDEX places_by_recording ON places (recording);
CREATE VIEW standing AS
  SELECT * FROM assessments WHERE NOT EXISTS (SELECT 1 FROM replaced WHERE replaced.node = assessments.node);
CREATE VIEW catalogue AS
  SELECT works.recording, works.work, title.text AS title, creators.person, creator.text AS creator
  FROM works JOIN names AS title ON title.node = works.work AND title.graph = works.graph
  LEFT JOIN creators ON creators.work = works.work AND creators.graph = works.graph
  LEFT JOIN names AS creator ON creator.node = creators.person AND creator.graph = works.graph;
"""
