-- answers
WITH found AS (
  SELECT DISTINCT title, c.agent, c.start, c.stop, c.concept, c.recording,
    (SELECT MAX(duration) FROM durations WHERE recording = c.recording) AS duration,
    (SELECT text FROM names WHERE node = c.agent LIMIT 1) AS name, (SELECT text FROM names WHERE node = c.concept LIMIT 1) AS label,
    (SELECT iri FROM nodes WHERE id = c.agent) AS maker_iri, (SELECT iri FROM nodes WHERE id = c.recording) AS recording_iri,
    (SELECT iri FROM nodes WHERE id = c.concept) AS concept_iri
  FROM catalogue CROSS JOIN claims AS c ON c.recording = catalogue.recording
  WHERE c.aspect = (SELECT id FROM nodes WHERE iri = :_aspect_iri) AND c.agent IS NOT NULL
    AND (INSTR(folded(title), folded(:_work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :_work)
    AND (:__agent IS NULL OR INSTR(folded(name), folded(:__agent)) > 0 OR maker_iri = :__agent)
    AND NOT EXISTS (SELECT 1 FROM kinds WHERE node = c.span AND kind = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/wholeRecording'))
    AND NOT EXISTS (
      SELECT 1 FROM standing WHERE claim = c.node AND verdict = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/rejected'))
)
SELECT title, name AS agent, start AS start_decimal, stop AS end_decimal, label AS label_en, duration AS duration_decimal,
  concept_iri, maker_iri, recording_iri
FROM found WHERE label IS NOT NULL AND name IS NOT NULL
ORDER BY title, recording_iri, name, maker_iri, start, stop, label, concept_iri LIMIT :limit
