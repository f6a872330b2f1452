-- answers
WITH made AS (
  SELECT works.work, counts.concept, SUM(number) AS number
  FROM (SELECT DISTINCT graph, recording FROM listeners) AS used JOIN counts ON counts.graph = used.graph
  JOIN works ON works.recording = used.recording
  GROUP BY works.work, counts.concept
),
totals AS (SELECT work, SUM(number) AS total FROM made GROUP BY work),
named AS MATERIALIZED (
  SELECT DISTINCT work, title, creator, (SELECT iri FROM nodes WHERE id = work) AS work_iri FROM catalogue
),
asked AS MATERIALIZED (
  SELECT work, ROW_NUMBER() OVER (ORDER BY work_iri) AS rank,
    MAX(CASE WHEN :__work IS NOT NULL THEN INSTR(folded(title), folded(:__work)) > 0 OR work_iri = :__work END) AS asked
  FROM named GROUP BY work, work_iri
),
alike AS (
  SELECT json_extract(pair.value, '$[0]') AS one, json_extract(pair.value, '$[1]') AS two,
    json_extract(pair.value, '$[2]') AS likeness, json_extract(pair.value, '$[3]') AS shared
  FROM (
    SELECT most_alike(rank, concept, number, total, asked, :limit) AS pairs
    FROM asked JOIN made USING (work) JOIN totals USING (work) WHERE concept IN (SELECT concept FROM broader)
  ), json_each(pairs) AS pair
)
SELECT named.title, named.creator, other.title AS other_title, other.creator AS other_creator, likeness * 1000 AS likeness_decimal,
  shared AS shared_integer, named.work_iri, other.work_iri AS other_iri
FROM alike JOIN asked AS a ON a.rank = one JOIN named ON named.work = a.work
JOIN asked AS b ON b.rank = two JOIN named AS other ON other.work = b.work
ORDER BY likeness DESC, named.title, other.title, named.work_iri, other.work_iri LIMIT :limit
