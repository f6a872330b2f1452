-- answers
SELECT DISTINCT (SELECT iri FROM nodes WHERE id = assessments.node) AS assessment_iri
FROM (SELECT DISTINCT node FROM people) AS person CROSS JOIN assessments ON assessments.agent = person.node
