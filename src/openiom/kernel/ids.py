"""Time-ordered ids (UUID version 7), so that new rows stand beside each other in every index."""

import os
import time
from itertools import count
from uuid import UUID

_sequence = count(int.from_bytes(os.urandom(2), "big"))


def new_id() -> UUID:
    """One UUIDv7."""
    return new_ids(1)[0]


def new_ids(n: int) -> list[UUID]:
    """`n` UUIDv7 in ascending order: 48 bits of milliseconds, 12 of order within the batch, 62 random."""
    millis = time.time_ns() // 1_000_000
    noise = os.urandom(8 * n)
    start = next(_sequence) & 0x7FF if n == 1 else 0
    ids = []
    for i in range(n):
        step = start + i
        high = ((millis + (step >> 12)) << 16) | 0x7000 | (step & 0xFFF)
        low = 0x8000000000000000 | (int.from_bytes(noise[8 * i : 8 * i + 8], "big") >> 2)
        ids.append(UUID(int=(high << 64) | low))
    return ids
