-- answers
WITH adverse AS (
  SELECT id FROM nodes WHERE iri IN ('https://w3id.org/acousma/vocab/contradicted',
    'https://w3id.org/acousma/vocab/rejected', 'https://w3id.org/acousma/vocab/beyondEnvelope')
),
favourable AS (
  SELECT id FROM nodes WHERE iri IN ('https://w3id.org/acousma/vocab/supported', 'https://w3id.org/acousma/vocab/accepted')
),
judged AS (
  SELECT claim, SUM(verdict IN adverse) AS against, SUM(verdict IN favourable) AS for_
  FROM (SELECT DISTINCT claim, node, verdict FROM standing)
  GROUP BY claim HAVING against > 0
),
found AS (
  SELECT DISTINCT title, creator, c.start, c.stop, (SELECT text FROM names WHERE node = c.concept LIMIT 1) AS label, (SELECT text FROM names WHERE node = c.agent LIMIT 1) AS maker, c.confidence,
    against, for_, (SELECT iri FROM nodes WHERE id = c.node) AS claim_iri
  FROM judged CROSS JOIN claims AS c ON c.node = judged.claim JOIN catalogue ON catalogue.recording = c.recording
  WHERE c.confidence >= :_confidence_decimal AND c.agent IS NOT NULL
    AND (:__work IS NULL OR (INSTR(folded(title), folded(:__work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :__work))
  ORDER BY against - for_ DESC, c.confidence DESC, title, c.start, c.stop, label, claim_iri LIMIT :limit
)
SELECT title, creator, start AS start_decimal, stop AS end_decimal, label AS label_en, maker AS agent,
  confidence AS confidence_decimal, against AS against_integer, for_ AS for_integer, claim_iri
FROM found
