-- Every order message that was processed names an order that exists.
SELECT m.id, m.instance, m.key, m.entity_id
FROM providers.message m
LEFT JOIN providers.provider_instance i ON i.name = m.instance
LEFT JOIN orders.order o ON o.id::text = m.entity_id
WHERE m.kind = 'order' AND m.state IN ('processed', 'duplicate') AND o.id IS NULL
  AND (i.name IS NOT NULL OR m.instance IN ('api', 'manual'));
