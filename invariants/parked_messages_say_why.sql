-- A parked message says what is wrong; only parked messages wait for keys.
SELECT m.id, m.instance, m.state, m.error, count(k.message_id) AS missing
FROM providers.message m
LEFT JOIN providers.unmapped_key k ON k.message_id = m.id
WHERE m.state = 'parked' OR k.message_id IS NOT NULL
GROUP BY m.id
HAVING (m.state = 'parked' AND m.error IS NULL) OR (m.state <> 'parked' AND count(k.message_id) > 0);
