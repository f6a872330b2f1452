-- restricts
WITH inputs AS MATERIALIZED (SELECT DISTINCT envelope AS input FROM envelopes),
heard AS MATERIALIZED (SELECT input, term, value FROM inputs JOIN figures ON figures.node = input),
never AS MATERIALIZED (
  -- what an input does not carry of a concept on any span, or not within its length
  SELECT input, node AS concept FROM heard JOIN figures AS need ON
    (heard.term = 'channelsHeard' AND need.term = 'needsChannels' AND need.value > heard.value)
    OR (heard.term = 'tokenStepSeconds' AND need.term = 'needsStepSeconds' AND heard.value > need.value)
    OR (heard.term = 'maximumHz' AND need.term = 'needsLowestHz' AND need.value >= heard.value)
    OR (heard.term = 'minimumHz' AND need.term = 'needsHighestHz' AND need.value <= heard.value)
    OR (heard.term = 'longestInputSeconds' AND need.term = 'needsSeconds' AND need.value > heard.value)
),
shortest AS MATERIALIZED (
  SELECT input, MAX(2 * value) AS length FROM heard AS step
  WHERE term = 'tokenStepSeconds'
    AND NOT EXISTS (SELECT 1 FROM heard AS w WHERE w.input = step.input AND w.term = 'windowSeconds' AND step.value >= w.value)
  GROUP BY input
),
longest AS MATERIALIZED (SELECT input, MIN(value) AS length FROM heard WHERE term = 'longestInputSeconds' GROUP BY input),
edges AS MATERIALIZED (
  SELECT property, reason, lim.value / 1000000.0 AS most, up.value AS above, down.value AS below, channels.value AS left_
  FROM reasons JOIN figures AS lim ON lim.node = property AND lim.term = 'lossLimit'
  LEFT JOIN figures AS up ON up.node = property AND up.term = 'aboveHz'
  LEFT JOIN figures AS down ON down.node = property AND down.term = 'belowHz'
  LEFT JOIN figures AS channels ON channels.node = property AND channels.term = 'channelsLeft'
),
lost AS MATERIALIZED (
  -- what may be lost to an input: the nearest measured edge beyond what it carries
  SELECT low.input, property, most, above, low.value AS low, high.value AS high,
    reason = (SELECT id FROM nodes WHERE iri = 'https://w3id.org/acousma/vocab/measuredLoss') AS always
  FROM edges JOIN heard AS low ON low.term = 'minimumHz' JOIN heard AS high ON high.input = low.input AND high.term = 'maximumHz'
  JOIN heard AS channels ON channels.input = low.input AND channels.term = 'channelsHeard'
  WHERE CASE WHEN above IS NOT NULL THEN high.value <= above WHEN below IS NOT NULL THEN low.value >= below
    ELSE channels.value = left_ END
    AND NOT EXISTS (SELECT 1 FROM edges AS other WHERE other.reason = edges.reason AND high.value <= other.above AND other.above < edges.above)
    AND NOT EXISTS (SELECT 1 FROM edges AS other WHERE other.reason = edges.reason AND low.value >= other.below AND other.below > edges.below)
)
SELECT DISTINCT (SELECT iri FROM nodes WHERE id = c.node) AS claim_iri
FROM places CROSS JOIN claims AS c ON c.recording = places.recording
CROSS JOIN envelopes AS e ON e.agent = c.agent AND e.graph = c.graph
WHERE c.aspect IS NOT NULL AND c.confidence IS NOT NULL
  AND EXISTS (SELECT 1 FROM names WHERE node = c.agent) AND EXISTS (SELECT 1 FROM names WHERE node = c.concept)
  AND (:__concept_iri IS NULL OR EXISTS (
    SELECT 1 FROM broader WHERE concept = c.concept AND wide = (SELECT id FROM nodes WHERE iri = :__concept_iri)))
  AND (:__agent IS NULL OR INSTR(folded((SELECT text FROM names WHERE node = c.agent LIMIT 1)), folded(:__agent)) > 0 OR (SELECT iri FROM nodes WHERE id = c.agent) = :__agent)
  AND (
    (e.envelope, c.concept) IN (SELECT input, concept FROM never)
    OR c.stop - c.start < (SELECT length FROM shortest WHERE input = e.envelope)
    OR c.stop - c.start > (SELECT length FROM longest WHERE input = e.envelope)
    OR EXISTS (
      SELECT 1 FROM observations AS o JOIN lost ON lost.property = o.property AND lost.input = e.envelope AND o.value > most
      WHERE o.span = c.span AND (always OR EXISTS (
        SELECT 1 FROM figures AS lowest JOIN figures AS highest ON highest.node = lowest.node AND highest.term = 'needsHighestHz'
        WHERE lowest.node = c.concept AND lowest.term = 'needsLowestHz'
          AND IIF(above IS NOT NULL, highest.value > high, lowest.value < low))))
  )
ORDER BY rank, c.start, c.stop, (SELECT text FROM names WHERE node = c.concept LIMIT 1), (SELECT text FROM names WHERE node = c.agent LIMIT 1), claim_iri LIMIT :limit
