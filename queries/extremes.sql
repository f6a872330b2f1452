-- restricts
WITH asked AS MATERIALIZED (
  SELECT span, value FROM observations AS o
  WHERE property = (SELECT id FROM nodes WHERE iri = :_property_iri)
    AND EXISTS (SELECT 1 FROM kinds WHERE node = o.span AND kind = (SELECT id FROM nodes WHERE iri = :_kind_iri))
),
bounds AS (
  SELECT (SELECT MAX(value) FROM (SELECT DISTINCT span, value FROM asked ORDER BY value LIMIT :limit)) AS low,
    (SELECT MIN(value) FROM (SELECT DISTINCT span, value FROM asked ORDER BY value DESC LIMIT :limit)) AS high
)
SELECT DISTINCT (SELECT iri FROM nodes WHERE id = span) AS span_iri FROM asked, bounds
WHERE CASE WHEN :_order = 'lowest' THEN value <= low ELSE value >= high END
