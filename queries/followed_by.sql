-- answers
WITH pairs AS (
  SELECT DISTINCT rank, title, creator, b.start - a.stop AS wait,
    a.node AS first, a.start AS first_start, a.stop AS first_stop, a.concept AS first_concept,
    a.agent AS first_agent, a.confidence AS first_confidence, (SELECT iri FROM nodes WHERE id = a.node) AS first_iri,
    b.node AS second, b.start AS second_start, b.stop AS second_stop, b.concept AS second_concept,
    b.agent AS second_agent, b.confidence AS second_confidence, (SELECT iri FROM nodes WHERE id = b.node) AS second_iri
  FROM places CROSS JOIN broader AS one CROSS JOIN claims AS a ON a.concept = one.concept AND a.recording = places.recording
  CROSS JOIN broader AS other CROSS JOIN claims AS b ON b.concept = other.concept AND b.recording = a.recording
    AND b.start >= a.stop - :_tolerance_decimal AND b.start <= a.stop + :_seconds_decimal AND b.start > a.start
  WHERE one.wide = (SELECT id FROM nodes WHERE iri = :_first_iri) AND other.wide = (SELECT id FROM nodes WHERE iri = :_second_iri)
    AND a.confidence >= :_confidence_decimal AND b.confidence >= :_confidence_decimal
    AND (EXISTS (SELECT 1 FROM kinds WHERE node = a.span AND kind = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/detectedObject'))
         OR NOT EXISTS (SELECT 1 FROM kinds WHERE node = a.span AND kind = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/wholeRecording')))
    AND (EXISTS (SELECT 1 FROM kinds WHERE node = b.span AND kind = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/detectedObject'))
         OR NOT EXISTS (SELECT 1 FROM kinds WHERE node = b.span AND kind = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/wholeRecording')))
    AND (:_rejected = 'shown' OR NOT EXISTS (
      SELECT 1 FROM standing WHERE claim = a.node AND verdict = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/rejected')))
    AND (:_rejected = 'shown' OR NOT EXISTS (
      SELECT 1 FROM standing WHERE claim = b.node AND verdict = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/rejected')))
  ORDER BY rank, first_start, second_start, first_stop, second_stop, first_iri, second_iri LIMIT :limit
)
SELECT title, creator, wait AS wait_decimal,
  first_start AS first_start_decimal, first_stop AS first_end_decimal, (SELECT text FROM names WHERE node = first_concept LIMIT 1) AS first_label_en,
  (SELECT text FROM names WHERE node = first_agent LIMIT 1) AS first_agent, first_confidence AS first_confidence_decimal,
  (SELECT COALESCE(REPLACE(GROUP_CONCAT(DISTINCT LOWER(names.text)), ',', '; '), 'unassessed')
   FROM standing JOIN names ON names.node = standing.verdict WHERE standing.claim = first) AS first_verdict_said, first_iri AS first_claim_iri,
  second_start AS second_start_decimal, second_stop AS second_end_decimal, (SELECT text FROM names WHERE node = second_concept LIMIT 1) AS second_label_en,
  (SELECT text FROM names WHERE node = second_agent LIMIT 1) AS second_agent, second_confidence AS second_confidence_decimal,
  (SELECT COALESCE(REPLACE(GROUP_CONCAT(DISTINCT LOWER(names.text)), ',', '; '), 'unassessed')
   FROM standing JOIN names ON names.node = standing.verdict WHERE standing.claim = second) AS second_verdict_said, second_iri AS second_claim_iri
FROM pairs
