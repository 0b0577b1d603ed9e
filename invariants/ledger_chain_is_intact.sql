-- Sealed blocks cover the ledger without gaps and contain as many entries as were sealed.
-- The hash of every block is that of its digests, the hash of every day that of its blocks and the
-- day before. Reconciliation recomputes the digests of the entries themselves.
WITH days AS (
    SELECT d.*, coalesce(lag(d.hash) OVER (ORDER BY d.day), ''::bytea) AS expected_previous,
           coalesce(lag(d.last_id) OVER (ORDER BY d.day), 0) + 1 AS expected_first
    FROM inventory_visibility.ledger_day d
    WHERE d.sealed_at IS NOT NULL
), blocks AS (
    SELECT b.*, coalesce(lag(b.last_id) OVER (ORDER BY b.first_id), 0) + 1 AS expected_first
    FROM inventory_visibility.ledger_block b
), summed AS (
    SELECT day, sum(cardinality(ids)) AS entries, max(last_id) AS last_id,
           string_agg(hash, ''::bytea ORDER BY first_id) AS hashes
    FROM inventory_visibility.ledger_block
    GROUP BY day
)
SELECT 'day' AS what, d.day::text AS which, d.first_id, d.last_id
FROM days d
LEFT JOIN summed s USING (day)
WHERE d.previous_hash <> d.expected_previous OR d.first_id <> d.expected_first OR s.entries IS NULL OR s.entries <> d.entries
   OR s.last_id <> d.last_id
   OR d.hash <> sha256(d.previous_hash
                       || convert_to(concat_ws('|', d.day, d.first_id, d.last_id, d.entries), 'UTF8') || s.hashes)
UNION ALL
SELECT 'block', b.first_id::text, b.first_id, b.last_id
FROM blocks b
WHERE b.first_id <> b.expected_first
   OR b.hash <> sha256(convert_to(array_to_string(b.ids, ','), 'UTF8') || b.digests)
   OR cardinality(b.ids) <> (
       SELECT count(*) FROM inventory_visibility.ledger_entry e WHERE e.id BETWEEN b.first_id AND b.last_id
   )
