-- restricts
SELECT nodes.iri AS description_iri
FROM texts CROSS JOIN descriptions ON descriptions.id = texts.rowid CROSS JOIN nodes ON nodes.id = descriptions.node
WHERE texts.folded LIKE '%' || folded(:__text) || '%'
