-- Units that a coarse reservation uses are free in deeper rows; no unit is promised twice.
-- This holds at every level of the dimension hierarchy.
SELECT s.id, s.product, s.source, s.dimensions, s.backed_by_variants, sum(d.on_hand - d.reserved + d.overdraft) AS free_at_level
FROM inventory_visibility.stock s
JOIN inventory_visibility.stock d
  ON (d.organization, d.product, d.source) = (s.organization, s.product, s.source)
 AND d.dimension_values @> s.dimension_values
WHERE s.backed_by_variants > 0
GROUP BY s.id
HAVING sum(d.on_hand - d.reserved + d.overdraft) < 0 AND NOT bool_or(d.oversell)
