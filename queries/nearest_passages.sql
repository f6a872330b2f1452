-- answers
WITH object AS (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/detectedObject'),
asked AS (
  SELECT DISTINCT title, spans.node AS span, spans.start, spans.stop
  FROM catalogue CROSS JOIN spans ON spans.recording = catalogue.recording
  JOIN kinds ON kinds.node = spans.node AND kinds.graph = spans.graph AND kinds.kind = (SELECT id FROM object)
  WHERE (INSTR(folded(title), folded(:_work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :_work)
    AND spans.start <= :_seconds_decimal AND spans.stop > :_seconds_decimal
),
measured AS MATERIALIZED (
  SELECT DISTINCT asked.span, property, value
  FROM (SELECT DISTINCT span FROM asked) AS asked CROSS JOIN observations ON observations.span = asked.span
),
objects AS MATERIALIZED (SELECT DISTINCT node FROM kinds WHERE kind = (SELECT id FROM object)),
parts AS (
  SELECT measured.span, o.span AS other,
    MIN(CASE WHEN measured.value = o.value THEN 0.0
        ELSE ABS(measured.value - o.value) / (ABS(measured.value) + ABS(o.value)) END) AS part
  FROM measured CROSS JOIN observations AS o ON o.property = measured.property
  WHERE o.span <> measured.span AND o.span IN (SELECT node FROM objects)
  GROUP BY measured.span, o.span, o.property
),
near AS (
  SELECT span, other, SUM(part) AS total, COUNT(*) AS compared
  FROM parts GROUP BY span, other HAVING COUNT(*) >= :_properties_integer
)
SELECT DISTINCT asked.title, asked.start AS start_decimal, asked.stop AS end_decimal, catalogue.title AS other_title,
  spans.start AS other_start_decimal, spans.stop AS other_end_decimal,
  CAST(1000 * (1 - total / compared) + 0.5 AS INTEGER) * 1000 AS likeness_decimal, compared AS compared_integer,
  (SELECT iri FROM nodes WHERE id = other) AS other_iri
FROM near JOIN asked USING (span) CROSS JOIN spans ON spans.node = near.other LEFT JOIN catalogue ON catalogue.recording = spans.recording
ORDER BY likeness_decimal DESC, compared DESC, asked.title, start_decimal, other_title, other_start_decimal,
  other_end_decimal, other_iri
LIMIT :limit
