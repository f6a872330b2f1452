-- answers
WITH whole AS (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/wholeRecording'),
heard AS MATERIALIZED (
  SELECT DISTINCT title, c.graph, c.recording, c.agent, c.start, c.concept
  FROM catalogue CROSS JOIN claims AS c ON c.recording = catalogue.recording
  WHERE c.aspect = (SELECT id FROM nodes WHERE iri = :_aspect_iri) AND c.agent IS NOT NULL
    AND (INSTR(folded(title), folded(:_work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :_work)
    AND NOT EXISTS (SELECT 1 FROM kinds WHERE node = c.span AND kind = (SELECT id FROM whole))
),
steps AS (
  SELECT title, recording, agent, concept AS first, start,
    MIN((SELECT MIN(later.start) FROM heard AS later WHERE later.graph = heard.graph AND later.recording = heard.recording
         AND later.agent = heard.agent AND later.start > heard.start)) AS next_start
  FROM heard GROUP BY title, recording, agent, start, concept
),
joined AS (
  SELECT DISTINCT steps.title, steps.recording, steps.agent, steps.first, steps.start, next_start, heard.concept AS second
  FROM steps JOIN heard ON heard.recording = steps.recording AND heard.agent = steps.agent AND heard.start = next_start
),
counted AS (
  SELECT title, first, second, COUNT(*) AS weight, COUNT(DISTINCT agent) AS agents, COUNT(DISTINCT recording) AS recordings,
    SUM(next_start) AS total
  FROM joined GROUP BY title, first, second
)
SELECT title, (SELECT text FROM names WHERE node = first LIMIT 1) AS first_en,
  (SELECT text FROM names WHERE node = second LIMIT 1) AS next_en, weight AS weight_integer, agents AS agents_integer,
  recordings AS recordings_integer, (2 * total + 1000 * weight) / (2000 * weight) * 1000 AS place_decimal,
  (SELECT iri FROM nodes WHERE id = first) AS first_concept_iri, (SELECT iri FROM nodes WHERE id = second) AS next_concept_iri
FROM counted
ORDER BY title, weight DESC, first_en, next_en, first_concept_iri, next_concept_iri LIMIT :limit
