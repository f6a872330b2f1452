-- answers
WITH heard AS MATERIALIZED (
  SELECT c.graph, c.recording, c.start, c.concept, c.node
  FROM claims AS c JOIN kinds ON kinds.node = c.span AND kinds.graph = c.graph AND kinds.kind = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/detectedObject')
  WHERE c.aspect = (SELECT id FROM nodes WHERE iri = :_aspect_iri) AND c.recording IS NOT NULL
),
moments AS (
  SELECT graph, recording, start, LEAD(start) OVER (PARTITION BY graph, recording ORDER BY start) AS next
  FROM (SELECT DISTINCT graph, recording, start FROM heard)
),
steps AS (
  SELECT one.graph, one.recording, one.concept AS first, two.concept AS second
  FROM (SELECT DISTINCT graph, recording, start, concept FROM heard) AS one
  JOIN moments ON moments.graph = one.graph AND moments.recording = one.recording AND moments.start = one.start
  JOIN heard AS two ON two.graph = one.graph AND two.recording = one.recording AND two.start = moments.next
),
placed AS (
  SELECT creator, work, first, second FROM steps JOIN catalogue ON catalogue.recording = steps.recording
  WHERE creator IS NOT NULL
),
counted AS (
  SELECT creator, first, second, COUNT(*) AS times, COUNT(DISTINCT work) AS works FROM placed
  WHERE :__creator IS NULL OR INSTR(folded(creator), folded(:__creator)) > 0
  GROUP BY creator, first, second
),
every AS (SELECT creator, first, COUNT(*) AS number FROM placed GROUP BY creator, first)
SELECT creator, (SELECT text FROM names WHERE node = first LIMIT 1) AS first_en, (SELECT text FROM names WHERE node = second LIMIT 1) AS next_en, times AS times_integer,
  (2000 * times + number) / (2 * number) * 1000 AS share_decimal, works AS works_integer
FROM counted JOIN every USING (creator, first)
WHERE first_en IS NOT NULL AND next_en IS NOT NULL
ORDER BY creator, times DESC, first_en, next_en LIMIT :limit
