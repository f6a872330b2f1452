-- answers
WITH RECURSIVE parts (part) AS (SELECT 0 UNION ALL SELECT part + 1 FROM parts WHERE part < 19),
pairs AS MATERIALIZED (
  SELECT DISTINCT title, one.recording, two.recording AS other,
    (SELECT iri FROM nodes WHERE id = one.recording) AS recording_iri, (SELECT iri FROM nodes WHERE id = two.recording) AS other_iri
  FROM works AS one JOIN works AS two ON two.work = one.work AND two.recording <> one.recording
  JOIN catalogue ON catalogue.work = one.work
  WHERE recording_iri < other_iri AND (:__work IS NULL OR INSTR(folded(title), folded(:__work)) > 0 OR (SELECT iri FROM nodes WHERE id = one.work) = :__work)
),
sides AS MATERIALIZED (
  SELECT side, (SELECT MAX(duration) FROM durations WHERE recording = side) AS duration
  FROM (SELECT recording AS side FROM pairs UNION SELECT other FROM pairs)
),
heard AS MATERIALIZED (
  SELECT DISTINCT side, part, c.concept
  FROM sides CROSS JOIN claims AS c ON c.recording = side CROSS JOIN parts
  WHERE c.aspect IS NOT NULL AND (:__aspect_iri IS NULL OR c.aspect = (SELECT id FROM nodes WHERE iri = :__aspect_iri))
    AND 20 * c.start < (part + 1) * duration AND 20 * c.stop > part * duration
    AND NOT EXISTS (SELECT 1 FROM kinds WHERE node = c.span AND kind = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/wholeRecording'))
),
counted AS (
  SELECT title, part, recording_iri, other_iri, concept, COUNT(DISTINCT side) AS sides
  FROM pairs JOIN heard ON heard.side IN (pairs.recording, pairs.other)
  GROUP BY title, part, recording_iri, other_iri, concept
)
SELECT title, part * 50000 AS from_decimal, (part + 1) * 50000 AS to_decimal, SUM(sides - 1) AS shared_integer, COUNT(*) AS either_integer,
  (2000 * SUM(sides - 1) + COUNT(*)) / (2 * COUNT(*)) * 1000 AS coherence_decimal, recording_iri, other_iri
FROM counted GROUP BY title, part, recording_iri, other_iri
ORDER BY title, recording_iri, other_iri, part LIMIT :limit
