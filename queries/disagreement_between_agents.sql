-- answers
WITH pairs AS (
  SELECT DISTINCT rank, title, creator, a.aspect,
    a.node AS first, a.start AS first_start, a.stop AS first_stop, a.concept AS first_concept,
    a.agent AS first_agent, a.confidence AS first_confidence, (SELECT iri FROM nodes WHERE id = a.node) AS first_iri,
    b.node AS second, b.start AS second_start, b.stop AS second_stop, b.concept AS second_concept,
    b.agent AS second_agent, b.confidence AS second_confidence, (SELECT iri FROM nodes WHERE id = b.node) AS second_iri
  FROM places CROSS JOIN claims AS a ON a.recording = places.recording
  CROSS JOIN claims AS b ON b.recording = a.recording AND b.aspect = a.aspect AND b.start < a.stop AND b.stop > a.start
  WHERE a.confidence >= :_confidence_decimal AND b.confidence >= :_confidence_decimal
    AND (:__aspect_iri IS NULL OR a.aspect = (SELECT id FROM nodes WHERE iri = :__aspect_iri))
    AND a.agent <> b.agent AND (SELECT iri FROM nodes WHERE id = a.agent) < (SELECT iri FROM nodes WHERE id = b.agent)
    AND a.concept <> b.concept
    AND (MIN(a.stop, b.stop) - MAX(a.start, b.start)) * 1000000 >= :_share_decimal * (a.stop - a.start)
    AND (MIN(a.stop, b.stop) - MAX(a.start, b.start)) * 1000000 >= :_share_decimal * (b.stop - b.start)
    AND EXISTS (SELECT 1 FROM listeners WHERE recording = a.recording AND agent = a.agent)
    AND EXISTS (SELECT 1 FROM listeners WHERE recording = a.recording AND agent = b.agent)
    AND NOT EXISTS (SELECT 1 FROM broader WHERE concept = a.concept AND wide = b.concept)
    AND NOT EXISTS (SELECT 1 FROM broader WHERE concept = b.concept AND wide = a.concept)
    AND NOT EXISTS (SELECT 1 FROM claims WHERE span = a.span AND aspect = a.aspect AND concept = b.concept AND agent = a.agent)
    AND NOT EXISTS (SELECT 1 FROM claims WHERE span = b.span AND aspect = a.aspect AND concept = a.concept AND agent = b.agent)
  ORDER BY rank, first_start, second_start, first_stop, second_stop, first_iri, second_iri LIMIT :limit
)
SELECT title, creator, (SELECT text FROM names WHERE node = aspect LIMIT 1) AS question_en,
  first_start AS first_start_decimal, first_stop AS first_end_decimal, (SELECT text FROM names WHERE node = first_concept LIMIT 1) AS first_label_en,
  (SELECT text FROM names WHERE node = first_agent LIMIT 1) AS first_agent, first_confidence AS first_confidence_decimal,
  (SELECT COALESCE(REPLACE(GROUP_CONCAT(DISTINCT LOWER(names.text)), ',', '; '), 'unassessed')
   FROM standing JOIN names ON names.node = standing.verdict WHERE standing.claim = first) AS first_verdict_said, first_iri AS first_claim_iri,
  second_start AS second_start_decimal, second_stop AS second_end_decimal, (SELECT text FROM names WHERE node = second_concept LIMIT 1) AS second_label_en,
  (SELECT text FROM names WHERE node = second_agent LIMIT 1) AS second_agent, second_confidence AS second_confidence_decimal,
  (SELECT COALESCE(REPLACE(GROUP_CONCAT(DISTINCT LOWER(names.text)), ',', '; '), 'unassessed')
   FROM standing JOIN names ON names.node = standing.verdict WHERE standing.claim = second) AS second_verdict_said, second_iri AS second_claim_iri
FROM pairs
