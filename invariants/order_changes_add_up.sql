-- The difference of a change of an order is what it keeps more afterwards, and the changes of an order are numbered without gaps.
SELECT c.order_id, c.number, c.difference, c.money_before, c.money_after
FROM orders.order_change c
JOIN (SELECT order_id, count(*) AS changes, max(number) AS last FROM orders.order_change GROUP BY order_id) n
    ON n.order_id = c.order_id
WHERE n.changes <> n.last
    OR abs(c.difference - (c.money_after->>'kept')::numeric + (c.money_before->>'kept')::numeric) > 0.01
