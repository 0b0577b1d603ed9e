-- Every token stands in a flow run of its own flow version and subject.
SELECT t.id, t.run_id, t.step
FROM orchestration.token t
LEFT JOIN orchestration.flow_run j ON j.id = t.run_id
WHERE j.id IS NULL OR j.flow_version_id <> t.flow_version_id OR j.subject_id <> t.subject_id
