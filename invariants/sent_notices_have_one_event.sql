-- A sent notice has exactly one event that reports it, and a notice that is not sent has none.
SELECT n.id, n.state, count(e.id) AS events
FROM notices.notice n
LEFT JOIN platform.business_event e ON e.root_id = n.order_id
    AND e.name = 'order.notice_sent' AND e.data ->> 'notice' = n.id::text
GROUP BY n.id, n.state
HAVING count(e.id) <> CASE n.state WHEN 'sent' THEN 1 ELSE 0 END
