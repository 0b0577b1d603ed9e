-- Goods and costs that the returns of an order refund and credit, less what they charge back, are no more than was paid.
SELECT o.id, o.number, o.total_amount, a.refunded
FROM orders.order o
JOIN (
    SELECT r.order_id, sum(l.goods) + coalesce(max(c.costs), 0) AS refunded
    FROM returns.return_amount_line l
    JOIN returns.return_amount m ON m.id = l.amount_id
    JOIN returns.return_order r ON r.id = m.return_order_id
    LEFT JOIN (
        SELECT q.order_id, sum(p.costs) AS costs FROM returns.return_amount p
        JOIN returns.return_order q ON q.id = p.return_order_id GROUP BY q.order_id
    ) c ON c.order_id = r.order_id
    GROUP BY r.order_id
) a ON a.order_id = o.id
WHERE a.refunded > o.total_amount + o.credit_amount
