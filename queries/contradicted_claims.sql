-- restricts
SELECT DISTINCT (SELECT iri FROM nodes WHERE id = c.node) AS claim_iri
FROM places CROSS JOIN claims AS c ON c.recording = places.recording
WHERE EXISTS (SELECT 1 FROM assessments WHERE claim = c.node AND verdict = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/contradicted'))
  AND (:__concept_iri IS NULL OR EXISTS (
    SELECT 1 FROM broader WHERE concept = c.concept AND wide = (SELECT id FROM nodes WHERE iri = :__concept_iri)))
  AND (:__agent IS NULL OR INSTR(folded((SELECT text FROM names WHERE node = c.agent LIMIT 1)), folded(:__agent)) > 0 OR (SELECT iri FROM nodes WHERE id = c.agent) = :__agent)
ORDER BY rank, c.start, c.stop, (SELECT text FROM names WHERE node = c.concept LIMIT 1), (SELECT text FROM names WHERE node = c.agent LIMIT 1), claim_iri LIMIT :limit
