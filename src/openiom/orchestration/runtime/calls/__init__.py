"""
The call worker: provider calls in two phases, between a claim and a record.

`claim` leases rows of the queue, `outcome` decides what a result means, `outcome_recorder` writes
it and continues the tokens, `worker` puts the stages together.
"""
