-- Every flow run that has not ended has a token, and one that has ended has none.
SELECT r.id, r.flow, r.state, count(t.id) AS tokens
FROM orchestration.flow_run r
LEFT JOIN orchestration.token t ON t.run_id = r.id
GROUP BY r.id
HAVING (r.state IN ('running', 'failed')) <> (count(t.id) > 0)
