-- restricts
WITH kind AS (SELECT id FROM nodes WHERE iri = :_kind_iri),
property AS (SELECT id FROM nodes WHERE iri = :_property_iri),
edge AS MATERIALIZED (
  SELECT CASE WHEN :_order = 'lowest' THEN (
    SELECT MAX(value) FROM (
      SELECT DISTINCT value, span FROM observations AS o
      WHERE o.property = (SELECT id FROM property) AND EXISTS (SELECT 1 FROM kinds WHERE node = o.span AND kinds.kind = (SELECT id FROM kind))
      ORDER BY value LIMIT :limit)
  ) ELSE (
    SELECT MIN(value) FROM (
      SELECT DISTINCT value, span FROM observations AS o
      WHERE o.property = (SELECT id FROM property) AND EXISTS (SELECT 1 FROM kinds WHERE node = o.span AND kinds.kind = (SELECT id FROM kind))
      ORDER BY value DESC LIMIT :limit)
  ) END AS value
)
SELECT DISTINCT (SELECT iri FROM nodes WHERE id = o.span) AS span_iri
FROM edge CROSS JOIN observations AS o
WHERE o.property = (SELECT id FROM property)
  AND o.value BETWEEN IIF(:_order = 'lowest', -9e999, edge.value) AND IIF(:_order = 'lowest', edge.value, 9e999)
  AND EXISTS (SELECT 1 FROM kinds WHERE node = o.span AND kinds.kind = (SELECT id FROM kind))
