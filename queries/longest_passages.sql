-- answers
WITH found AS (
  SELECT DISTINCT title, creator, c.start, c.stop, c.stop - c.start AS length, c.confidence,
    (SELECT text FROM names WHERE node = c.concept LIMIT 1) AS label, (SELECT text FROM names WHERE node = c.agent LIMIT 1) AS maker, (SELECT iri FROM nodes WHERE id = c.node) AS claim_iri
  FROM broader CROSS JOIN claims AS c ON c.concept = broader.concept JOIN places ON places.recording = c.recording
  WHERE broader.wide = (SELECT id FROM nodes WHERE iri = :_concept_iri) AND c.confidence >= :_confidence_decimal AND c.agent IS NOT NULL
    AND NOT EXISTS (
      SELECT 1 FROM kinds JOIN nodes ON nodes.id = kinds.kind WHERE kinds.node = c.span AND nodes.iri IN
        ('https://w3id.org/acousma/vocab/wholeRecording', 'https://w3id.org/acousma/vocab/fixedWindow'))
    AND (:_rejected = 'shown' OR NOT EXISTS (
      SELECT 1 FROM standing WHERE claim = c.node AND verdict = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/rejected')))
  ORDER BY length DESC, title, c.start, label, maker, claim_iri LIMIT :limit
)
SELECT title, creator, length AS length_decimal, start AS start_decimal, stop AS end_decimal, label AS label_en,
  maker AS agent, confidence AS confidence_decimal, claim_iri
FROM found
