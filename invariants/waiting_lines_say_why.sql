-- A line that waits and still needs a source is on hold with the reason it waits for, and its order knows the line.
SELECT w.line_id, w.kind, l.state, l.state_reason, w.order_id
FROM orders.waiting_line w
JOIN orders.order_line l ON l.id = w.line_id
WHERE w.order_id <> l.order_id
   OR (w.state = 'waiting' AND l.state IN ('new', 'on_hold', 'in_progress')
       AND (l.state, l.state_reason) <>
           ('on_hold', CASE w.kind WHEN 'preorder' THEN 'Preorder Hold' ELSE 'Backorder Hold' END))
