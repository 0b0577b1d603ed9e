-- Every flow run that is not over has a token, and one that is over has none.
SELECT j.id, j.flow, j.state, count(t.id) AS tokens
FROM orchestration.flow_run j
LEFT JOIN orchestration.token t ON t.run_id = j.id
GROUP BY j.id
HAVING (j.state IN ('running', 'failed')) <> (count(t.id) > 0)
