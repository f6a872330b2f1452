-- answers
WITH lengths AS (SELECT DISTINCT recording, duration FROM durations),
made AS (
  SELECT used.recording, COUNT(DISTINCT agent) AS agents, SUM(number) AS claims
  FROM (SELECT DISTINCT graph, recording FROM listeners) AS used JOIN counts ON counts.graph = used.graph
  GROUP BY used.recording
)
SELECT title, creator, duration AS duration_decimal, COALESCE(agents, 0) AS agents_integer, COALESCE(claims, 0) AS claims_integer,
  (2 * 600000000 * COALESCE(claims, 0) + duration) / (2 * duration) * 100000 AS per_minute_decimal,
  (SELECT iri FROM nodes WHERE id = lengths.recording) AS recording_iri
FROM lengths LEFT JOIN made ON made.recording = lengths.recording
LEFT JOIN catalogue ON catalogue.recording = lengths.recording
ORDER BY claims_integer, title, recording_iri LIMIT :limit
