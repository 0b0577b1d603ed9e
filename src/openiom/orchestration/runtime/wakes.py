"""Names by which idle workers of this package are notified."""

STEPS_WAKE = "orchestration.steps"
CALLS_WAKE = "orchestration.calls"
