-- answers
WITH agents AS MATERIALIZED (SELECT DISTINCT agent, (SELECT iri FROM nodes WHERE id = agent) AS iri FROM listeners WHERE agent IS NOT NULL),
pairs AS MATERIALIZED (
  SELECT DISTINCT a.agent AS first, b.agent AS second, a.aspect, a.span, a.concept AS first_concept, b.concept AS second_concept
  FROM claims AS a CROSS JOIN claims AS b ON b.span = a.span AND b.aspect = a.aspect AND b.agent <> a.agent
  JOIN agents AS one ON one.agent = a.agent JOIN agents AS other ON other.agent = b.agent
  WHERE one.iri < other.iri AND (:__aspect_iri IS NULL OR a.aspect = (SELECT id FROM nodes WHERE iri = :__aspect_iri))
    AND EXISTS (
      SELECT 1 FROM listeners AS x JOIN listeners AS y ON y.recording = x.recording
      WHERE x.graph = a.graph AND x.agent = a.agent AND y.graph = b.graph AND y.agent = b.agent)
),
counted AS (
  SELECT first, second, aspect, COUNT(*) AS spans, SUM(first_concept = second_concept) AS same
  FROM pairs GROUP BY first, second, aspect
),
products AS (
  SELECT first, second, aspect, SUM(one * other) AS product FROM (
    SELECT first, second, aspect, concept, SUM(one) AS one, SUM(other) AS other FROM (
      SELECT first, second, aspect, first_concept AS concept, 1 AS one, 0 AS other FROM pairs
      UNION ALL SELECT first, second, aspect, second_concept, 0, 1 FROM pairs
    ) GROUP BY first, second, aspect, concept
  ) GROUP BY first, second, aspect
)
SELECT (SELECT text FROM names WHERE node = first LIMIT 1) AS first_agent, (SELECT text FROM names WHERE node = second LIMIT 1) AS second_agent, (SELECT text FROM names WHERE node = aspect LIMIT 1) AS question_en,
  spans AS spans_integer, same AS same_integer,
  (2000 * same + spans) / (2 * spans) * 1000 AS observed_decimal,
  (2000 * product + spans * spans) / (2 * spans * spans) * 1000 AS expected_decimal,
  (CAST(1000.0 * (same * spans - product) / (spans * spans - product) + 100000.5 AS INTEGER) - 100000) * 1000 AS kappa_decimal
FROM counted JOIN products USING (first, second, aspect)
ORDER BY first_agent, second_agent, question_en LIMIT :limit
