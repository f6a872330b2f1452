-- answers
WITH verdicts AS (
  SELECT id, REPLACE(iri, 'https://w3id.org/acousma/vocab/', '') AS word FROM nodes
  WHERE iri IN ('https://w3id.org/acousma/vocab/supported', 'https://w3id.org/acousma/vocab/contradicted',
    'https://w3id.org/acousma/vocab/undecided')
),
said AS (SELECT DISTINCT node, claim, verdict FROM assessments WHERE verdict IN (SELECT id FROM verdicts)),
made AS (
  SELECT agent, concept, verdict, COUNT(*) AS number FROM (
    SELECT DISTINCT said.node, said.verdict, c.graph, c.node AS claim, c.concept, c.agent
    FROM said CROSS JOIN claims AS c ON c.node = said.claim
  ) GROUP BY agent, concept, verdict
)
SELECT (SELECT text FROM names WHERE node = made.agent LIMIT 1) AS agent, (SELECT iri FROM nodes WHERE id = concept) AS concept_iri,
  SUM(number) AS assessed_integer, SUM(IIF(word = 'supported', number, 0)) AS supported_integer,
  SUM(IIF(word = 'contradicted', number, 0)) AS contradicted_integer, SUM(IIF(word = 'undecided', number, 0)) AS undecided_integer
FROM made JOIN verdicts ON verdicts.id = made.verdict
WHERE EXISTS (SELECT 1 FROM names WHERE node = made.agent)
  AND (:__agent IS NULL OR INSTR(folded((SELECT text FROM names WHERE node = made.agent LIMIT 1)), folded(:__agent)) > 0
    OR (SELECT iri FROM nodes WHERE id = made.agent) = :__agent)
GROUP BY 1, concept HAVING SUM(number) >= :_claims_integer
