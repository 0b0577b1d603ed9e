-- Every token stands in a journey of its own flow version and subject.
SELECT t.id, t.journey_id, t.step
FROM orchestration.token t
LEFT JOIN orchestration.journey j ON j.id = t.journey_id
WHERE j.id IS NULL OR j.flow_version_id <> t.flow_version_id OR j.subject_id <> t.subject_id
