-- Of every order line, what came back and what is expected back are those of its returns, and no more than was shipped.
SELECT l.id, l.shipped, l.returned, l.in_return, r.received, r.expected
FROM orders.order_line l
LEFT JOIN (
    SELECT i.order_line_id, sum(i.received) AS received,
        sum(CASE WHEN o.state IN ('refused', 'closed', 'canceled') THEN 0
                 ELSE i.quantity - i.received - i.canceled END) AS expected
    FROM returns.return_line i JOIN returns.return_order o ON o.id = i.return_order_id
    WHERE i.order_line_id IS NOT NULL GROUP BY i.order_line_id
) r ON r.order_line_id = l.id
WHERE l.returned <> coalesce(r.received, 0) OR l.in_return <> coalesce(r.expected, 0)
    OR l.returned + l.in_return > l.shipped
