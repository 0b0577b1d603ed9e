-- What a coarse reservation takes from deeper rows is free there: at no level are the units of all
-- deeper rows promised twice.
SELECT s.id, s.product, s.source, s.dimensions, s.backed_by_variants, sum(d.on_hand - d.reserved + d.overdraft) AS free_at_level
FROM inventory_visibility.stock s
JOIN inventory_visibility.stock d
  ON (d.organization, d.product, d.source) = (s.organization, s.product, s.source)
 AND d.dimension_values @> s.dimension_values
WHERE s.backed_by_variants > 0
GROUP BY s.id
HAVING sum(d.on_hand - d.reserved + d.overdraft) < 0 AND NOT bool_or(d.oversell)
