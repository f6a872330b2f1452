-- answers
SELECT DISTINCT (SELECT iri FROM nodes WHERE id = c.node) AS claim_iri, (SELECT iri FROM nodes WHERE id = c.aspect) AS aspect_iri, (SELECT iri FROM nodes WHERE id = c.concept) AS concept_iri,
  (SELECT iri FROM nodes WHERE id = c.span) AS span_iri
FROM places CROSS JOIN claims AS c ON c.recording = places.recording
WHERE c.aspect IS NOT NULL AND c.confidence IS NOT NULL AND c.agent IS NOT NULL
  AND EXISTS (SELECT 1 FROM rules WHERE concept = c.concept)
  AND (:__concept_iri IS NULL OR EXISTS (
    SELECT 1 FROM broader WHERE concept = c.concept AND wide = (SELECT id FROM nodes WHERE iri = :__concept_iri)))
  AND (:__work IS NULL OR (INSTR(folded(title), folded(:__work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :__work))
ORDER BY rank, c.start, c.stop, (SELECT text FROM names WHERE node = c.concept LIMIT 1), (SELECT text FROM names WHERE node = c.agent LIMIT 1), claim_iri LIMIT :limit
