-- A flow run is failed exactly when one of its tokens is.
SELECT j.id, j.flow, j.state, count(t.id) FILTER (WHERE t.state = 'failed') AS failed_tokens
FROM orchestration.flow_run j
LEFT JOIN orchestration.token t ON t.run_id = j.id
WHERE j.state IN ('running', 'failed')
GROUP BY j.id
HAVING (j.state = 'failed') <> (count(t.id) FILTER (WHERE t.state = 'failed') > 0)
