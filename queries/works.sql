-- answers
SELECT (SELECT iri FROM nodes WHERE id = recording) AS recording_iri, MAX(duration) AS length_decimal, SUM(number) AS made_integer
FROM (
  SELECT listed.recording, durations.duration,
    COALESCE((SELECT SUM(number) FROM counts WHERE counts.graph = listed.graph), 0) AS number
  FROM (SELECT DISTINCT graph, recording FROM listeners) AS listed
  JOIN durations ON durations.recording = listed.recording AND durations.graph = listed.graph
)
GROUP BY recording
