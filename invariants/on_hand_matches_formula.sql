-- On hand is the signed sum of the supplying measures, as long as the shipped configuration applies.
-- The query returns nothing once another configuration is in use.
WITH formula (data_source, measure, sign) AS (
    VALUES ('iom', 'onhand', 1), ('fno', 'physicalinvent', 1), ('erp', 'unrestricted', 1),
           ('erp', 'qualityinspection', 1), ('pos', 'posinbound', 1), ('pos', 'posoutbound', -1),
           ('pos', 'inbound', 1), ('pos', 'outbound', -1),
           ('fno', 'ordered', 1), ('fno', 'arrived', 1), ('iv', 'ordered', 1), ('fno', 'reservphysical', -1),
           ('fno', 'reservordered', -1), ('iv', 'reservphysical', -1), ('iv', 'reservordered', -1)
)
SELECT s.id, s.product, s.source, s.dimensions, s.on_hand, coalesce(sum(b.quantity * f.sign), 0) AS by_formula
FROM inventory_visibility.stock s
LEFT JOIN inventory_visibility.measure_balance b ON b.stock_id = s.id
LEFT JOIN formula f USING (data_source, measure)
WHERE NOT EXISTS (
    SELECT 1 FROM platform.configuration_document WHERE kind = 'inventory_configuration' AND current AND NOT deleted
)
GROUP BY s.id
HAVING s.on_hand <> coalesce(sum(b.quantity * f.sign), 0)
