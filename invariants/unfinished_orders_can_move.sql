-- An order that has not ended can move: units of it are in fulfillment, or one of its flow runs can still continue.
WITH unfinished AS (
    SELECT o.order_id, o.state, o.reason, bool_and(l.shipped + l.canceled = l.quantity) AS settled
    FROM orders.order_state o
    JOIN orders.order_line l ON l.order_id = o.order_id
    WHERE o.state NOT IN ('completed', 'canceled') AND o.updated_at < now() - interval '5 minutes'
    GROUP BY o.order_id
    HAVING sum(l.in_fulfillment) = 0
)
SELECT u.order_id, u.state, u.reason, u.settled
FROM unfinished u
WHERE EXISTS (SELECT 1 FROM orchestration.flow_run r WHERE r.subject_id = u.order_id)
  AND NOT EXISTS (
    SELECT 1 FROM orchestration.flow_run r
    JOIN orchestration.token t ON t.run_id = r.id
    WHERE r.subject_id = u.order_id AND r.state IN ('running', 'failed')
      AND (NOT u.settled
        OR (t.state <> 'failed'
            AND (t.awaits IS NULL OR t.due_at IS NOT NULL
                -- What a settled order has behind it does not happen again.
                OR NOT t.awaits <@ ARRAY['order.backorder_hold_released', 'order.sent_to_fulfillment', 'order.picked',
                    'order.partially_shipped', 'order.shipped', 'order.fulfillment_declined', 'order.partially_declined',
                    'order.recall_requested', 'order.recall_refused', 'order_line.canceled', 'order_line.shipped'])))
  )
