-- A flow run is failed exactly when one of its tokens is.
SELECT r.id, r.flow, r.state, count(t.id) FILTER (WHERE t.state = 'failed') AS failed_tokens
FROM orchestration.flow_run r
LEFT JOIN orchestration.token t ON t.run_id = r.id
WHERE r.state IN ('running', 'failed')
GROUP BY r.id
HAVING (r.state = 'failed') <> (count(t.id) FILTER (WHERE t.state = 'failed') > 0)
