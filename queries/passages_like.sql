-- answers
WITH asked AS (
  SELECT DISTINCT title, spans.node AS span, spans.start, spans.stop, spans.graph
  FROM catalogue JOIN claims AS c ON c.recording = catalogue.recording
  JOIN spans ON spans.node = c.span AND spans.graph = c.graph
  JOIN kinds ON kinds.node = spans.node AND kinds.graph = spans.graph AND kinds.kind = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/detectedObject')
  WHERE (INSTR(folded(title), folded(:_work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :_work)
    AND spans.start <= :_seconds_decimal AND spans.stop > :_seconds_decimal
),
alike AS (
  SELECT title, asked.span, asked.start, asked.stop, o.span AS other, COUNT(DISTINCT o.concept) AS shared
  FROM asked JOIN claims AS c ON c.span = asked.span AND c.graph = asked.graph
  CROSS JOIN claims AS o ON o.concept = c.concept AND o.span <> asked.span
  WHERE EXISTS (SELECT 1 FROM kinds WHERE node = o.span AND graph = o.graph AND kind = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/detectedObject'))
  GROUP BY title, asked.span, asked.start, asked.stop, o.span
),
sized AS (
  SELECT alike.*, (SELECT COUNT(DISTINCT concept) FROM claims WHERE claims.span = alike.span) AS number,
    (SELECT COUNT(DISTINCT concept) FROM claims WHERE claims.span = other) AS other_number
  FROM alike
)
SELECT DISTINCT sized.title, sized.start AS start_decimal, sized.stop AS end_decimal, catalogue.title AS other_title,
  spans.start AS other_start_decimal, spans.stop AS other_end_decimal,
  (2000 * shared + number + other_number - shared) / (2 * (number + other_number - shared)) * 1000 AS likeness_decimal,
  shared AS shared_integer, (SELECT iri FROM nodes WHERE id = other) AS other_iri
FROM sized JOIN spans ON spans.node = other LEFT JOIN catalogue ON catalogue.recording = spans.recording
ORDER BY likeness_decimal DESC, sized.title, start_decimal, other_title, other_start_decimal, other_end_decimal, other_iri
LIMIT :limit
