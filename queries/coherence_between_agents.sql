-- answers
WITH heard AS MATERIALIZED (
  SELECT DISTINCT title, c.recording, c.node, c.agent, c.concept, c.start, c.stop, (SELECT iri FROM nodes WHERE id = c.agent) AS maker
  FROM catalogue CROSS JOIN claims AS c ON c.recording = catalogue.recording
  WHERE c.aspect = (SELECT id FROM nodes WHERE iri = :_aspect_iri) AND c.agent IS NOT NULL
    AND (:__work IS NULL OR INSTR(folded(title), folded(:__work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :__work)
),
untitled AS MATERIALIZED (SELECT DISTINCT recording, node, agent, concept, start, stop, maker FROM heard),
together AS (
  SELECT a.title, a.recording, a.agent AS first, b.agent AS second, a.maker AS first_maker, b.maker AS second_maker,
    MIN(a.stop, b.stop) - MAX(a.start, b.start) AS common,
    EXISTS (SELECT 1 FROM broader WHERE concept = a.concept AND wide = b.concept)
      OR EXISTS (SELECT 1 FROM broader WHERE concept = b.concept AND wide = a.concept) AS same
  FROM heard AS a JOIN untitled AS b ON b.recording = a.recording AND b.start < a.stop AND b.stop > a.start
  WHERE a.maker < b.maker
),
counted AS (
  SELECT title, recording, first, second, first_maker, second_maker, SUM(common) AS seconds, SUM(same * common) AS alike
  FROM together GROUP BY title, recording, first, second
)
SELECT title, (SELECT text FROM names WHERE node = first LIMIT 1) AS first_agent,
  (SELECT text FROM names WHERE node = second LIMIT 1) AS second_agent, seconds AS seconds_decimal, alike AS alike_decimal,
  (2000 * alike + seconds) / (2 * seconds) * 1000 AS coherence_decimal, (SELECT iri FROM nodes WHERE id = recording) AS recording_iri,
  first_maker AS first_maker_iri, second_maker AS second_maker_iri
FROM counted WHERE first_agent IS NOT NULL AND second_agent IS NOT NULL
ORDER BY title, recording_iri, seconds DESC, first_agent, second_agent, first_maker, second_maker LIMIT :limit
