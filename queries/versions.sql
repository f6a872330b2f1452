-- answers
WITH made AS (
  SELECT used.recording, concept, SUM(number) AS number
  FROM (SELECT DISTINCT graph, recording FROM listeners) AS used JOIN counts ON counts.graph = used.graph
  GROUP BY used.recording, concept
),
pairs AS MATERIALIZED (
  SELECT DISTINCT title, one.work, one.recording, two.recording AS other,
    (SELECT iri FROM nodes WHERE id = one.recording) AS recording_iri, (SELECT iri FROM nodes WHERE id = two.recording) AS other_iri
  FROM works AS one JOIN works AS two ON two.work = one.work AND two.recording <> one.recording
  JOIN catalogue ON catalogue.work = one.work
  WHERE recording_iri < other_iri AND (:__work IS NULL OR (INSTR(folded(title), folded(:__work)) > 0 OR (SELECT iri FROM nodes WHERE id = one.work) = :__work))
),
parts AS (
  SELECT title, work, recording_iri, other_iri, concept, SUM(one) AS claims, SUM(two) AS other_claims FROM (
    SELECT pairs.*, concept, number AS one, 0 AS two FROM pairs JOIN made ON made.recording = pairs.recording
    UNION ALL SELECT pairs.*, concept, 0, number FROM pairs JOIN made ON made.recording = pairs.other
  ) GROUP BY title, work, recording_iri, other_iri, concept
)
SELECT title, (SELECT text FROM names WHERE node = concept LIMIT 1) AS label_en, claims AS claims_integer, other_claims AS other_claims_integer,
  claims - other_claims AS difference_integer, recording_iri, other_iri
FROM parts WHERE label_en IS NOT NULL
ORDER BY title, recording_iri, other_iri, ABS(claims - other_claims) DESC, label_en, (SELECT iri FROM nodes WHERE id = concept) LIMIT :limit
