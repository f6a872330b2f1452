-- answers
WITH objects AS (
  SELECT DISTINCT spans.recording, duration, spans.node, spans.stop - spans.start AS length
  FROM kinds JOIN spans ON spans.node = kinds.node AND spans.graph = kinds.graph
  JOIN durations ON durations.recording = spans.recording AND durations.graph = spans.graph
  WHERE kinds.kind = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/detectedObject')
    AND (:__work IS NULL OR EXISTS (
      SELECT 1 FROM catalogue WHERE catalogue.recording = spans.recording AND (INSTR(folded(title), folded(:__work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :__work)))
),
counted AS (
  SELECT recording, duration, COUNT(*) AS number, SUM(length) AS total, MIN(length) AS shortest, MAX(length) AS longest
  FROM objects GROUP BY recording, duration
)
SELECT title, creator, duration AS duration_decimal, number AS objects_integer,
  (2 * 600000000 * number + duration) / (2 * duration) * 100000 AS per_minute_decimal,
  (2 * total + number * 1000) / (2 * number * 1000) * 1000 AS mean_decimal,
  shortest AS shortest_decimal, longest AS longest_decimal, (SELECT iri FROM nodes WHERE id = counted.recording) AS recording_iri
FROM counted JOIN catalogue ON catalogue.recording = counted.recording
WHERE :__work IS NULL OR (INSTR(folded(title), folded(:__work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :__work)
ORDER BY per_minute_decimal DESC, title, recording_iri LIMIT :limit
