"""
Units kept for channels, customer groups and what stands below them: allocated, moved, consumed, read.

Holds   nothing is allocated that is not available; what a group has is never negative; every act has an entry.
"""

from .operations import AllocationAct, Done, allocate_acts
from .queries import AllocationRow, allocations_at

__all__ = ["AllocationAct", "AllocationRow", "Done", "allocate_acts", "allocations_at"]
