"""Time-ordered ids (UUID version 7): rows created together are neighbors in every index."""

import os
import time
from collections.abc import Iterable, Sequence
from itertools import count
from operator import attrgetter
from uuid import UUID, SafeUUID

import orjson

_SEQUENCE_BITS = 12
_SEQUENCE_MASK = (1 << _SEQUENCE_BITS) - 1
_VERSION = 0x7000
_VARIANT = 0x8000000000000000

_new = UUID.__new__
_set = object.__setattr__
_sequence = count(int.from_bytes(os.urandom(2), "big"))


def new_id() -> UUID:
    """Return one UUID version 7."""
    return new_ids(1)[0]


def new_ids(n: int) -> list[UUID]:
    """Return `n` UUIDs version 7 in ascending order.

    An id holds 48 bits of milliseconds, 12 bits of order within the batch and 62 random bits. A
    batch of more than 4,096 ids continues with the next millisecond.
    """
    millis = time.time_ns() // 1_000_000
    noise = os.urandom(8 * n)
    start = next(_sequence) & (_SEQUENCE_MASK >> 1) if n == 1 else 0

    ids: list[UUID] = []
    for i in range(n):
        step = start + i
        millis_of_step = millis + (step >> _SEQUENCE_BITS)
        high = (millis_of_step << 16) | _VERSION | (step & _SEQUENCE_MASK)
        low = _VARIANT | (int.from_bytes(noise[8 * i : 8 * i + 8], "big") >> 2)
        ids.append(_uuid((high << 64) | low))

    return ids


def _uuid(value: int) -> UUID:
    """Return `UUID(int=value)` in a third of the time: its constructor checks what cannot fail."""
    id = _new(UUID)
    _set(id, "int", value)
    _set(id, "is_safe", SafeUUID.unknown)
    return id


def id_texts(ids: Sequence[UUID]) -> list[str]:
    """Return each id as `str` does, in an eighth of the time."""
    return orjson.dumps(ids).decode()[2:-2].split('","') if ids else []


def sorted_ids(ids: Iterable[UUID]) -> list[UUID]:
    """Return the different ids in ascending order, the order in which rows are locked.

    Comparing them as integers takes a fifth of the time of comparing `UUID` objects.
    """
    return sorted(set(ids), key=attrgetter("int"))
