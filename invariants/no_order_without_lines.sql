-- Every order stands somewhere and has the lines it came with, numbered without a gap.
SELECT o.id, o.number, o.line_count, count(l.id) AS lines, max(l.line_number) AS last_line, s.state
FROM orders.order o
LEFT JOIN orders.order_state s ON s.order_id = o.id
LEFT JOIN orders.order_line l ON l.order_id = o.id
GROUP BY o.id, s.state
HAVING count(l.id) = 0 OR count(l.id) <> o.line_count OR max(l.line_number) <> o.line_count OR s.state IS NULL
