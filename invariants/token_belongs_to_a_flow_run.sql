-- Every token belongs to a flow run of its own flow version and subject.
SELECT t.id, t.run_id, t.step
FROM orchestration.token t
LEFT JOIN orchestration.flow_run r ON r.id = t.run_id
WHERE r.id IS NULL OR r.flow_version_id <> t.flow_version_id OR r.subject_id <> t.subject_id
