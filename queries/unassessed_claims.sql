-- answers
WITH wanted AS (
  SELECT * FROM catalogue
  WHERE :__work IS NOT NULL AND (INSTR(folded(title), folded(:__work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :__work)
),
-- of all works in the order of confidence, which ends with the limit; of some works by recording
of_all AS (
  SELECT DISTINCT title, creator, c.start, c.stop, (SELECT text FROM names WHERE node = c.concept LIMIT 1) AS label, (SELECT text FROM names WHERE node = c.agent LIMIT 1) AS maker, c.confidence,
    (SELECT iri FROM nodes WHERE id = c.node) AS claim_iri
  FROM claims AS c CROSS JOIN catalogue ON catalogue.recording = c.recording
  WHERE :__work IS NULL AND c.aspect IS NOT NULL AND c.confidence IS NOT NULL AND c.agent IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM standing WHERE claim = c.node)
    AND (:__agent IS NULL OR INSTR(folded((SELECT text FROM names WHERE node = c.agent LIMIT 1)), folded(:__agent)) > 0)
  ORDER BY c.confidence, title, c.start, c.stop, label, claim_iri LIMIT :limit
),
of_some AS (
  SELECT DISTINCT title, creator, c.start, c.stop, (SELECT text FROM names WHERE node = c.concept LIMIT 1) AS label, (SELECT text FROM names WHERE node = c.agent LIMIT 1) AS maker, c.confidence,
    (SELECT iri FROM nodes WHERE id = c.node) AS claim_iri
  FROM wanted CROSS JOIN claims AS c ON c.recording = wanted.recording
  WHERE c.aspect IS NOT NULL AND c.confidence IS NOT NULL AND c.agent IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM standing WHERE claim = c.node)
    AND (:__agent IS NULL OR INSTR(folded((SELECT text FROM names WHERE node = c.agent LIMIT 1)), folded(:__agent)) > 0)
  ORDER BY c.confidence, title, c.start, c.stop, label, claim_iri LIMIT :limit
)
SELECT title, creator, start AS start_decimal, stop AS end_decimal, label AS label_en, maker AS agent,
  confidence AS confidence_decimal, claim_iri
FROM (SELECT * FROM of_all UNION ALL SELECT * FROM of_some)
