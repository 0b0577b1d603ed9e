"""Write buffers: changes kept in memory and written together instead of one by one.

A batch moves an order through several states in one transaction. Writing each of them would leave
as many dead versions of the row and of its index entries, so a package may collect the changes in a
buffer and write every row once.

The package registers its buffer with the session. `Database.unit_of_work` flushes the registered
buffers before it commits, and `savepoint` flushes them where it begins and ends. Between those
points the package's own queries flush what they are about to read; no other package reads its
tables.

A batch of a worker is tried in `one_savepoint` first, in which `savepoint` marks nothing: every
row is then written once, whatever the batch does to it. When anything in it fails, the whole batch
is undone, and repeated with savepoints that isolate the failure.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

_KEY = "openiom.write_buffers"
_ONE_SAVEPOINT = "openiom.one_savepoint"


class BatchFailed(BaseException):
    """A part of a batch failed that runs in one savepoint; `error` says why.

    It is not an `Exception`, so that no code in between continues as if only its own part had been
    undone.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class WriteBuffer(Protocol):
    """Changes of one transaction that are not written yet."""

    def flush(self, session: Session) -> None:
        """Write what is pending. Cheap when nothing is."""

    def discard(self) -> None:
        """Drop pending changes and everything read: a savepoint was rolled back.

        What was pending before the savepoint has been flushed where it began and is not affected.
        """


Buffer = TypeVar("Buffer", bound=WriteBuffer)


def session_buffer(session: Session, key: str, create: Callable[[], Buffer]) -> Buffer:
    """Return the session's buffer under `key`; the first call creates and registers it."""
    buffer: Buffer | None = session.info.get(key)
    if buffer is None:
        buffer = session.info[key] = create()
        register_buffer(session, buffer)
    return buffer


def register_buffer(session: Session, buffer: WriteBuffer) -> None:
    """Flush `buffer` with the session's savepoints and commit, for as long as the session lives."""
    session.info.setdefault(_KEY, []).append(buffer)


def flush_buffers(session: Session) -> None:
    """Write everything pending in the session's buffers, in the order of their registration."""
    for buffer in session.info.get(_KEY, ()):
        buffer.flush(session)


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """A savepoint that write buffers follow; use it instead of `session.begin_nested()`.

    Inside `one_savepoint` it marks nothing, and raises `BatchFailed` for any exception.
    """
    if has_one_savepoint(session):
        with _undoing_all():
            yield

        return

    flush_buffers(session)
    try:
        with session.begin_nested():
            yield
            flush_buffers(session)
    except BaseException:
        for buffer in session.info.get(_KEY, ()):
            buffer.discard()

        raise


@contextmanager
def one_savepoint(session: Session) -> Iterator[None]:
    """The only savepoint of a batch.

    Raises:
        BatchFailed: The block raised an exception, or its changes could not be written.
    """
    with _undoing_all(), savepoint(session):
        session.info[_ONE_SAVEPOINT] = True
        try:
            yield
        finally:
            del session.info[_ONE_SAVEPOINT]


def has_one_savepoint(session: Session) -> bool:
    """Return whether the session is inside `one_savepoint`."""
    return _ONE_SAVEPOINT in session.info


@contextmanager
def _undoing_all() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise BatchFailed(error) from error
