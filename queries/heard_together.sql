-- answers
WITH asked AS (SELECT concept FROM broader WHERE wide = (SELECT id FROM nodes WHERE iri = :_concept_iri)),
passages AS (
  SELECT DISTINCT c.graph, c.span FROM asked CROSS JOIN claims AS c ON c.concept = asked.concept
  WHERE c.confidence >= :_confidence_decimal AND c.recording IS NOT NULL
),
counted AS (
  SELECT o.concept, COUNT(DISTINCT o.span) AS passages, COUNT(DISTINCT works.work) AS works
  FROM passages CROSS JOIN claims AS o ON o.span = passages.span AND o.graph = passages.graph
  LEFT JOIN works ON works.recording = o.recording
  WHERE o.aspect IS NOT NULL AND o.confidence >= :_confidence_decimal AND o.concept NOT IN (SELECT concept FROM asked)
  GROUP BY o.concept
),
whole AS (
  SELECT COUNT(DISTINCT c.span) AS number FROM asked CROSS JOIN claims AS c ON c.concept = asked.concept
  WHERE c.confidence >= :_confidence_decimal
)
SELECT (SELECT text FROM names WHERE node = counted.concept LIMIT 1) AS label_en, passages AS passages_integer,
  (2000 * passages + number) / (2 * number) * 1000 AS share_decimal, works AS works_integer,
  (SELECT iri FROM nodes WHERE id = counted.concept) AS concept_iri
FROM counted, whole
WHERE label_en IS NOT NULL
ORDER BY passages DESC, label_en, concept_iri LIMIT :limit
