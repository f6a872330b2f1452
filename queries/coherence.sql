-- answers
WITH heard AS MATERIALIZED (
  SELECT DISTINCT title, c.recording, c.node, c.agent, c.concept, c.start, c.stop
  FROM catalogue CROSS JOIN claims AS c ON c.recording = catalogue.recording
  WHERE c.aspect = (SELECT id FROM nodes WHERE iri = :_aspect_iri)
    AND (INSTR(folded(title), folded(:_work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :_work)
),
moments AS MATERIALIZED (SELECT DISTINCT title, recording, start AS moment FROM heard),
sounding AS MATERIALIZED (
  SELECT DISTINCT moments.title, moments.recording, moment, node, agent, concept
  FROM moments JOIN heard ON heard.recording = moments.recording AND heard.title = moments.title
    AND heard.start <= moment AND heard.stop > moment
),
counted AS (
  SELECT a.title, a.recording, a.moment, COUNT(*) AS pairs,
    SUM(EXISTS (SELECT 1 FROM broader WHERE concept = a.concept AND wide = b.concept)
        OR EXISTS (SELECT 1 FROM broader WHERE concept = b.concept AND wide = a.concept)) AS alike
  FROM sounding AS a JOIN sounding AS b ON b.title = a.title AND b.recording = a.recording AND b.moment = a.moment
  WHERE (SELECT iri FROM nodes WHERE id = a.agent) < (SELECT iri FROM nodes WHERE id = b.agent)
  GROUP BY a.title, a.recording, a.moment
)
SELECT title, moment AS moment_decimal,
  (SELECT COUNT(DISTINCT agent) FROM sounding
   WHERE sounding.recording = counted.recording AND sounding.moment = counted.moment) AS agents_integer,
  pairs AS pairs_integer, alike AS alike_integer, (2000 * alike + pairs) / (2 * pairs) * 1000 AS coherence_decimal,
  (SELECT iri FROM nodes WHERE id = counted.recording) AS recording_iri
FROM counted ORDER BY title, recording_iri, moment LIMIT :limit
