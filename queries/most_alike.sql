-- answers
WITH made AS (
  SELECT works.work, counts.concept, SUM(number) AS number
  FROM (SELECT DISTINCT graph, recording FROM listeners) AS used JOIN counts ON counts.graph = used.graph
  JOIN works ON works.recording = used.recording
  GROUP BY works.work, counts.concept
),
totals AS (SELECT work, SUM(number) AS total FROM made GROUP BY work),
parts AS MATERIALIZED (
  SELECT made.work, concept, 1.0 * number / total AS share FROM made JOIN totals USING (work)
  WHERE concept IN (SELECT concept FROM broader)
),
named AS MATERIALIZED (
  SELECT DISTINCT work, title, creator, (SELECT iri FROM nodes WHERE id = work) AS work_iri FROM catalogue
),
alike AS (
  SELECT one.title, one.creator, other.title AS other_title, other.creator AS other_creator,
    one.work_iri, other.work_iri AS other_iri, SUM(MIN(a.share, b.share)) AS likeness, COUNT(*) AS shared
  FROM named AS one CROSS JOIN parts AS a ON a.work = one.work
  CROSS JOIN parts AS b ON b.concept = a.concept AND b.work <> a.work
  JOIN named AS other ON other.work = b.work
  WHERE CASE WHEN :__work IS NULL THEN one.work_iri < other.work_iri
        ELSE INSTR(folded(one.title), folded(:__work)) > 0 OR one.work_iri = :__work END
  GROUP BY one.work_iri, one.title, one.creator, other.work_iri, other.title, other.creator
)
SELECT title, creator, other_title, other_creator, CAST(1000 * likeness + 0.5 AS INTEGER) * 1000 AS likeness_decimal,
  shared AS shared_integer, work_iri, other_iri
FROM alike
ORDER BY likeness_decimal DESC, title, other_title, work_iri, other_iri LIMIT :limit
