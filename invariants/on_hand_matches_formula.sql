-- On hand and reserved are the sums of the measures that the configuration in use names.
-- On hand is the signed sum of the measures in what reservations are checked against, without those of
-- soft reservations, which add up to reserved, and without allocations, which stay on hand.
WITH configuration AS (
    SELECT body FROM platform.configuration_document
    WHERE kind = 'inventory_configuration' AND name = 'default' AND current AND NOT deleted
), mapping AS (
    SELECT lower(m.names ->> 0) AS data_source, lower(m.names ->> 1) AS measure,
           lower(m.names ->> 2) AS checked_source, lower(m.names ->> 3) AS checked_measure, m.number
    FROM configuration, jsonb_array_elements(body -> 'reservation_mapping') WITH ORDINALITY AS m(names, number)
), reservation (data_source, measure) AS (
    SELECT data_source, measure FROM mapping
    UNION SELECT 'iv', 'softreservordered'
    UNION SELECT 'iv', 'softreservphysical' WHERE NOT EXISTS (SELECT FROM configuration)
), term (data_source, measure, sign) AS (
    SELECT lower(t.term ->> 1), lower(t.term ->> 2), CASE t.term ->> 0 WHEN 'Addition' THEN 1 ELSE -1 END
    FROM configuration
    CROSS JOIN LATERAL jsonb_each(body -> 'data_sources') AS s(name, given)
    CROSS JOIN LATERAL jsonb_each(s.given -> 'calculated_measures') AS c(name, terms)
    CROSS JOIN LATERAL jsonb_array_elements(c.terms) AS t(term)
    WHERE (lower(s.name), lower(c.name))
          IN (SELECT checked_source, checked_measure FROM mapping WHERE number = 1)
    UNION ALL
    SELECT * FROM (
        VALUES ('iom', 'onhand', 1), ('fno', 'physicalinvent', 1), ('erp', 'unrestricted', 1),
               ('erp', 'qualityinspection', 1), ('pos', 'posinbound', 1), ('pos', 'posoutbound', -1),
               ('pos', 'inbound', 1), ('pos', 'outbound', -1), ('fno', 'ordered', 1), ('fno', 'arrived', 1),
               ('iv', 'ordered', 1), ('fno', 'reservphysical', -1), ('fno', 'reservordered', -1),
               ('iv', 'reservphysical', -1), ('iv', 'reservordered', -1)
    ) AS shipped WHERE NOT EXISTS (SELECT FROM configuration)
), part (data_source, measure, on_hand, reserved) AS (
    SELECT data_source, measure, 0, 1 FROM reservation
    UNION ALL
    SELECT data_source, measure, sign, 0 FROM term
    WHERE data_source <> '@iv' AND (data_source, measure) NOT IN (SELECT data_source, measure FROM reservation)
)
SELECT s.id, s.product, s.source, s.dimensions, s.on_hand, coalesce(sum(b.quantity * p.on_hand), 0) AS by_formula,
       s.reserved, coalesce(sum(b.quantity * p.reserved), 0) AS reserved_by_formula
FROM inventory_visibility.stock s
LEFT JOIN inventory_visibility.measure_balance b ON b.stock_id = s.id
LEFT JOIN part p USING (data_source, measure)
GROUP BY s.id
HAVING s.on_hand <> coalesce(sum(b.quantity * p.on_hand), 0)
    OR s.reserved <> coalesce(sum(b.quantity * p.reserved), 0)
