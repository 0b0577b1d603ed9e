"""
Units allocated to channels, customer groups and the groups below them.

Owns        allocations, their entries, and the dimensions each product is allocated by.
Guarantees  no more is allocated than is available; what a group has is never negative; every
            operation has an entry and is applied once.
"""

from .batch import AllocationOperation, AllocationResult, Kind
from .operations import apply_allocations
from .queries import AllocationRow, allocations_at

__all__ = [
    "AllocationOperation",
    "AllocationResult",
    "AllocationRow",
    "Kind",
    "allocations_at",
    "apply_allocations",
]
