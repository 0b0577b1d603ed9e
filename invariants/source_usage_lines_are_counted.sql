-- Every order line that has a place in the day of a source is counted there, with one parcel for the lines of an order.
SELECT p.source, p.day, p.lines, p.parcels, d.lines AS counted_lines, d.parcels AS counted_parcels
FROM (
    SELECT source, day, count(*) AS lines, count(DISTINCT order_id) AS parcels
    FROM fulfillment_optimization.source_usage_line GROUP BY source, day
) p
LEFT JOIN fulfillment_optimization.source_daily_usage d USING (source, day)
WHERE coalesce(d.lines, 0) < p.lines OR coalesce(d.parcels, 0) < p.parcels
