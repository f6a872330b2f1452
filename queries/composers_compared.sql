-- answers
WITH made AS (
  SELECT INSTR(folded(creator), folded(:_first)) > 0 AS one, c.concept
  FROM catalogue CROSS JOIN claims AS c ON c.recording = catalogue.recording
  WHERE (INSTR(folded(creator), folded(:_first)) > 0 OR INSTR(folded(creator), folded(:_second)) > 0)
    AND c.aspect IS NOT NULL AND c.confidence >= :_confidence_decimal
),
totals AS (SELECT SUM(one) AS total, SUM(1 - one) AS other_total FROM made),
parts AS (
  SELECT concept, 1000.0 * SUM(one) / total AS part, 1000.0 * SUM(1 - one) / other_total AS other_part
  FROM made, totals GROUP BY concept
)
SELECT (SELECT text FROM names WHERE node = concept LIMIT 1) AS label_en, CAST(part + 0.5 AS INTEGER) * 1000 AS first_share_decimal,
  CAST(other_part + 0.5 AS INTEGER) * 1000 AS second_share_decimal,
  (CAST(part - other_part + 1000.5 AS INTEGER) - 1000) * 1000 AS difference_decimal, (SELECT iri FROM nodes WHERE id = concept) AS concept_iri
FROM parts
ORDER BY ABS(difference_decimal) DESC, label_en, concept_iri LIMIT :limit
