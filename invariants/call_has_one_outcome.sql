-- A call that is done has been told once and holds no lease; a leased one says until when; nobody leases for a day.
SELECT id, key, state, attempts, lease_until, finished_at
FROM orchestration.provider_call
WHERE (state = 'leased') <> (lease_until IS NOT NULL)
   OR (state IN ('done', 'failed')) <> (finished_at IS NOT NULL AND state <> 'canceled')
   OR (state = 'done' AND attempts = 0)
   OR (state = 'leased' AND lease_until < now() - interval '1 day')
