-- What was charged for an order adds up, and is at most the value of what has shipped, its share of discount and tax included; one minor unit a line is rounding.
WITH line AS (
    SELECT order_id, quantity, shipped,
        greatest(unit_price * quantity * power(10::numeric, -unit_decimals) - discount + tax, 0) AS price
    FROM orders.order_line WHERE order_id IN (SELECT order_id FROM payments.order_payment)
), value AS (
    SELECT order_id, count(*) AS lines, sum(quantity) AS units, sum(price) AS price,
        sum(price * shipped / quantity) AS shipped_price, sum(shipped) AS shipped
    FROM line GROUP BY order_id
), bound AS (
    SELECT o.id AS order_id, v.lines, v.shipped,
        o.total_amount + o.credit_amount AS total,
        least(o.shipping_amount + o.fees_amount, o.total_amount + o.credit_amount) AS extras,
        CASE WHEN v.price > 0 THEN v.shipped_price / v.price ELSE v.shipped / v.units END AS part
    FROM value v JOIN orders.order o ON o.id = v.order_id
)
SELECT p.order_id, p.currency, p.charged, p.uncovered, c.charged AS charges, b.total, b.extras, b.part
FROM payments.order_payment p
JOIN bound b ON b.order_id = p.order_id
LEFT JOIN (
    SELECT order_id, sum(amount) AS charged, sum(amount - covered - captured) AS uncovered
    FROM payments.charge GROUP BY order_id
) c ON c.order_id = p.order_id
WHERE p.charged <> coalesce(c.charged, 0)
    OR p.uncovered <> coalesce(c.uncovered, 0)
    OR p.charged > (b.extras + (b.total - b.extras) * b.part) * power(10::numeric, p.decimals) + b.lines + 1
