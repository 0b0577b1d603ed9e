"""Write buffers: changes kept in memory and written together instead of one by one.

A batch moves an order through several states in one transaction. Writing each of them would leave
as many dead versions of the row and of its index entries, so a package may collect the changes in a
buffer and write every row once.

The package registers its buffer with the session. `Database.unit_of_work` flushes the registered
buffers before it commits, and `savepoint` flushes them where it begins and ends. Between those
points the package's own queries flush what they are about to read; no other package reads its
tables.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy.orm import Session

_KEY = "openiom.write_buffers"


class WriteBuffer(Protocol):
    """Changes of one transaction that are not written yet."""

    def flush(self, session: Session) -> None:
        """Write what is pending. Cheap when nothing is."""

    def discard(self) -> None:
        """Drop pending changes and everything read: a savepoint was rolled back.

        What was pending before the savepoint has been flushed where it began and is not affected.
        """


def register_buffer(session: Session, buffer: WriteBuffer) -> None:
    """Flush `buffer` with the session's savepoints and commit, for as long as the session lives."""
    session.info.setdefault(_KEY, []).append(buffer)


def flush_buffers(session: Session) -> None:
    """Write everything pending in the session's buffers, in the order of their registration."""
    for buffer in session.info.get(_KEY, ()):
        buffer.flush(session)


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """A savepoint that write buffers follow; use it instead of `session.begin_nested()`."""
    flush_buffers(session)
    try:
        with session.begin_nested():
            yield
            flush_buffers(session)
    except BaseException:
        for buffer in session.info.get(_KEY, ()):
            buffer.discard()

        raise
