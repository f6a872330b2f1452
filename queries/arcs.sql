-- answers
WITH windows AS MATERIALIZED (
  SELECT s.recording, o.unit, o.agent, o.value, o.exact,
    CASE WHEN 3 * (s.start + s.stop) < 2 * duration THEN 1 WHEN 3 * (s.start + s.stop) < 4 * duration THEN 2 ELSE 3 END AS third
  FROM observations AS o
  JOIN kinds ON kinds.node = o.span AND kinds.graph = o.graph
    AND kinds.kind = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/fixedWindow')
  JOIN spans AS s ON s.node = o.span AND s.graph = o.graph
  JOIN durations ON durations.recording = s.recording AND durations.graph = o.graph
  WHERE o.property = (SELECT id FROM nodes WHERE iri = :_property_iri) AND o.unit IS NOT NULL
    AND (:__work IS NULL OR s.recording IN (
      SELECT recording FROM catalogue WHERE INSTR(folded(title), folded(:__work)) > 0 OR (SELECT iri FROM nodes WHERE id = work) = :__work))
),
makers AS MATERIALIZED (
  SELECT agent AS node, (SELECT text FROM names WHERE node = agent LIMIT 1) AS name FROM (SELECT DISTINCT agent FROM windows)
)
SELECT (SELECT iri FROM nodes WHERE id = recording) AS recording_iri, unit, makers.name AS agent,
  COALESCE(exact_sum(value, exact) FILTER (WHERE third = 1), '0') AS first_sum_number, SUM(third = 1) AS firsts_integer,
  COALESCE(exact_sum(value, exact) FILTER (WHERE third = 2), '0') AS second_sum_number, SUM(third = 2) AS seconds_integer,
  COALESCE(exact_sum(value, exact) FILTER (WHERE third = 3), '0') AS third_sum_number, SUM(third = 3) AS thirds_integer
FROM windows JOIN makers ON makers.node = windows.agent WHERE makers.name IS NOT NULL
GROUP BY recording, unit, makers.name
