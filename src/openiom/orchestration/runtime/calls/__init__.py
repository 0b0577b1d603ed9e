"""
Provider calls: a queue in the database, worked off in two phases.

`queue` holds every statement of the step workers and operations on the queue, `claim` those of the
call worker, `outcome` decides what a result means, `recording` writes it, `worker` puts the stages
together.
"""
