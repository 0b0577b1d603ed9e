-- A token asleep has something to wake it: a time, an event, an open call, or another branch on its way to its merge.
SELECT t.id, t.run_id, t.step, t.entered_at
FROM orchestration.token t
JOIN orchestration.flow_version v ON v.id = t.flow_version_id
WHERE t.state = 'waiting' AND t.due_at IS NULL AND t.awaits IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM orchestration.provider_call p
    WHERE p.token_id = t.id AND p.step = t.step AND p.visit = t.visit AND p.state IN ('ready', 'leased', 'held')
  )
  AND NOT EXISTS (
    SELECT 1 FROM orchestration.token o
    WHERE o.run_id = t.run_id AND o.id <> t.id AND v.plan #> ARRAY['before', t.step] ? o.step
  )
