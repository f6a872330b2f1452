-- answers
WITH made AS (
  SELECT creator, work, c.concept, c.confidence
  FROM catalogue CROSS JOIN claims AS c ON c.recording = catalogue.recording
  WHERE creator IS NOT NULL AND (:__creator IS NULL OR INSTR(folded(creator), folded(:__creator)) > 0)
    AND c.aspect IS NOT NULL AND c.confidence >= :_confidence_decimal
),
totals AS (SELECT creator, COUNT(*) AS total FROM made GROUP BY creator),
parts AS (SELECT creator, concept, COUNT(*) AS claims, COUNT(DISTINCT work) AS works FROM made GROUP BY creator, concept)
SELECT creator, (SELECT text FROM names WHERE node = concept LIMIT 1) AS label_en, (2000 * claims + total) / (2 * total) * 1000 AS share_decimal,
  claims AS claims_integer, works AS works_integer, (SELECT iri FROM nodes WHERE id = concept) AS concept_iri
FROM parts JOIN totals USING (creator)
ORDER BY creator, claims DESC, label_en, concept_iri LIMIT :limit
