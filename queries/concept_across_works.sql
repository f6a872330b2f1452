-- answers
WITH found AS (
  SELECT DISTINCT rank, title, creator, work, c.node, c.start, c.stop, c.concept, c.confidence, c.recording,
    (SELECT text FROM names WHERE node = c.concept LIMIT 1) AS label, (SELECT text FROM names WHERE node = c.agent LIMIT 1) AS maker, (SELECT iri FROM nodes WHERE id = c.node) AS claim_iri
  FROM places CROSS JOIN broader CROSS JOIN claims AS c ON c.concept = broader.concept AND c.recording = places.recording
  WHERE broader.wide = (SELECT id FROM nodes WHERE iri = :_concept_iri) AND c.confidence >= :_confidence_decimal AND c.agent IS NOT NULL
    AND (:_rejected = 'shown' OR NOT EXISTS (
      SELECT 1 FROM standing WHERE claim = c.node AND verdict = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/rejected')))
  ORDER BY rank, c.start, c.stop, label, maker, claim_iri LIMIT :limit
)
SELECT title, creator, start AS start_decimal, stop AS end_decimal, label AS label_en, maker AS agent,
  confidence AS confidence_decimal,
  (SELECT COALESCE(REPLACE(GROUP_CONCAT(DISTINCT LOWER(names.text)), ',', '; '), 'unassessed')
   FROM standing JOIN names ON names.node = standing.verdict WHERE standing.claim = found.node) AS verdict_said, claim_iri, (SELECT iri FROM nodes WHERE id = concept) AS concept_iri,
  (SELECT iri FROM nodes WHERE id = recording) AS recording_iri, (SELECT iri FROM nodes WHERE id = work) AS work_iri
FROM found
