-- answers
WITH object AS (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/detectedObject'),
asked AS MATERIALIZED (
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
objects AS MATERIALIZED (
  SELECT DISTINCT node FROM kinds WHERE kind = (SELECT id FROM object) AND EXISTS (SELECT 1 FROM spans WHERE spans.node = kinds.node)
),
found AS (
  -- of several values of one property, the two that are nearest
  SELECT s.span, objects.node AS other,
    (SELECT json_array(SUM(part), COUNT(*)) FROM (
      SELECT MIN(CASE WHEN measured.value = o.value THEN 0.0
        ELSE ABS(measured.value - o.value) / (ABS(measured.value) + ABS(o.value)) END) AS part
      FROM observations AS o JOIN measured ON measured.property = o.property AND measured.span = s.span
      WHERE o.span = objects.node GROUP BY o.property)) AS sums
  FROM objects CROSS JOIN (SELECT DISTINCT span FROM measured) AS s WHERE objects.node <> s.span
),
near AS MATERIALIZED (
  SELECT span, other, CAST(1000 * (1 - json_extract(sums, '$[0]') / json_extract(sums, '$[1]')) + 0.5 AS INTEGER) AS likeness,
    json_extract(sums, '$[1]') AS compared
  FROM found WHERE json_extract(sums, '$[1]') >= MAX(1, :_properties_integer)
),
edge AS MATERIALIZED (
  SELECT MIN(likeness) AS likeness FROM (SELECT MAX(likeness) AS likeness FROM near GROUP BY other ORDER BY 1 DESC LIMIT :limit)
)
SELECT DISTINCT asked.title, asked.start AS start_decimal, asked.stop AS end_decimal, catalogue.title AS other_title,
  spans.start AS other_start_decimal, spans.stop AS other_end_decimal,
  near.likeness * 1000 AS likeness_decimal, compared AS compared_integer, (SELECT iri FROM nodes WHERE id = other) AS other_iri
FROM edge CROSS JOIN near ON near.likeness >= edge.likeness JOIN asked USING (span) CROSS JOIN spans ON spans.node = near.other
LEFT JOIN catalogue ON catalogue.recording = spans.recording
ORDER BY likeness_decimal DESC, compared DESC, asked.title, start_decimal, other_title, other_start_decimal,
  other_end_decimal, other_iri
LIMIT :limit
