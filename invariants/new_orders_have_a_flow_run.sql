-- An order that stays new has a flow run: an event that starts an active flow is followed by one within ten minutes.
SELECT o.id, o.number, o.instance, e.name AS event, e.occurred_at
FROM orders.order_state s
JOIN orders.order o ON o.id = s.order_id
JOIN platform.business_event e ON e.root_id = s.order_id AND e.subject_type = 'order'
WHERE s.state = 'new' AND e.occurred_at < now() - interval '10 minutes'
  AND EXISTS (
    SELECT 1 FROM orchestration.flow f
    JOIN orchestration.flow_version v ON v.id = f.version_id
    WHERE f.active AND f.subject = 'order' AND v.document #>> '{trigger,event}' = e.name
      AND v.published_at < e.occurred_at
  )
  AND NOT EXISTS (SELECT 1 FROM orchestration.flow_run r WHERE r.root_id = s.order_id)
