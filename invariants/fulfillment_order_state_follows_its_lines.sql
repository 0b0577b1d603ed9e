-- A fulfillment order is shipped or delivered only when all of its units have left, partially shipped or closed when some have.
SELECT f.id, f.number, f.state, sum(l.quantity) AS asked, sum(l.shipped) AS shipped
FROM fulfillment.fulfillment_order f
JOIN fulfillment.fulfillment_order_line l ON l.fulfillment_order_id = f.id
GROUP BY f.id
HAVING (f.state IN ('shipped', 'delivered') AND sum(l.shipped) <> sum(l.quantity))
    OR (f.state = 'partially_shipped' AND sum(l.shipped) NOT BETWEEN 1 AND sum(l.quantity) - 1)
    OR (f.state = 'closed' AND sum(l.shipped) NOT BETWEEN 1 AND sum(l.quantity) - 1)
    OR (f.state IN ('new', 'sent', 'accepted', 'picked', 'packed', 'declined', 'canceled') AND sum(l.shipped) > 0)
