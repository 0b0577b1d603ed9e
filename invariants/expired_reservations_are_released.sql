-- A reservation that expired holds no units a quarter of an hour later.
SELECT r.id, r.stock_id, r.line_id, r.document, r.open, r.expires_at
FROM inventory_visibility.reservation r
WHERE r.open > 0 AND r.expires_at < now() - interval '15 minutes'
