-- A connection is green only after a probe, and lacks no scope.
SELECT name, state, probed_at, missing_scopes
FROM providers.provider_instance
WHERE state = 'green' AND (probed_at IS NULL OR missing_scopes <> '{}');
