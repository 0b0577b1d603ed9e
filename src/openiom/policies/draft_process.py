"""Evaluation of documents in a child process with limits on its time and memory.

The engine cannot be interrupted, and an expression that exhausts the memory ends its process. What
is evaluated on behalf of a request is therefore evaluated in a child: when it takes too long or
ends, the request gets an error, and no other request notices. The child is kept for the next
evaluation.
"""

import os
import select
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from threading import Lock
from time import monotonic
from typing import Any, BinaryIO, NamedTuple

import orjson

from openiom.kernel import Invalid, TooManyAttempts

from .draft_answers import TOO_MUCH_MEMORY, answer_of
from .language import (
    ExplainedPath,
    MappingKey,
    TransformationDocument,
    Transformed,
    TransformFailure,
)

if sys.platform != "win32":
    import resource

SECONDS = 5.0
MEMORY_BYTES = 2 * 1024**3
START_SECONDS = 30.0
ANSWER_BYTES = 16 * 1024**2
TOO_MUCH_TIME = "it takes too long"
_LENGTH_BYTES = 8
_PROGRAM = "from openiom.policies.draft_process import serve; serve()"


@dataclass(frozen=True, slots=True)
class DraftResult:
    """What a transformation makes of one payload, path by path and as a whole."""

    rows: list[ExplainedPath]
    result: Transformed | TransformFailure


class DraftEnded(Invalid):
    """A limit on time or memory has ended an evaluation."""


class _ChildFailed(Exception):
    """The child has not answered; the text says why."""


@dataclass(slots=True)
class Allowance:
    """Seconds that a request may still wait for the child, and keep it busy."""

    waiting: float
    evaluating: float


class Subject(NamedTuple):
    """What is evaluated, as errors name it, and what to do when a limit ends that."""

    name: str
    where: str
    remedy: str

    @classmethod
    def of(cls, document: TransformationDocument) -> "Subject":
        """Return a transformation as errors name it."""
        where = f"{document.source} to {document.target}"
        return cls("the transformation", where, "use fewer loops and smaller lists in it")


@dataclass
class DraftEvaluator:
    """Evaluates one document at a time in a child process, which starts when it is needed."""

    seconds: float = SECONDS
    memory_bytes: int = MEMORY_BYTES
    _child: "_Child | None" = None
    _lock: Lock = field(default_factory=Lock)

    def allowance(self) -> Allowance:
        """Return the time that one request may use."""
        return Allowance(waiting=self.seconds, evaluating=self.seconds)

    def evaluate(self, document: TransformationDocument, payload: str) -> DraftResult:
        """Return what a transformation makes of a payload.

        Raise `DraftEnded` when that takes too long or exhausts the memory, and `TooManyAttempts`
        when other evaluations do not end soon.
        """
        content = {"kind": "explain", "document": document.body(), "payload": payload}
        answer = self.request(
            orjson.dumps(content), subject=Subject.of(document), allowance=self.allowance()
        )
        rows = [ExplainedPath(*row) for row in answer["rows"]]
        [result] = answer["results"]
        return DraftResult(rows, result_of(result))

    def request(self, content: bytes, *, subject: Subject, allowance: Allowance) -> dict[str, Any]:
        """Return the child's answer to a request and reduce the allowance by the time it took.

        Raise `DraftEnded` or `TooManyAttempts`.
        """
        if allowance.evaluating <= 0:
            raise _ended(subject, TOO_MUCH_TIME)

        self._acquire(allowance)
        try:
            child = self._running_child()
            started = monotonic()
            answer: dict[str, Any] = orjson.loads(child.request(content, allowance.evaluating))
            allowance.evaluating -= monotonic() - started
        except _ChildFailed as failure:
            self._end_child()
            raise _ended(subject, str(failure)) from None
        finally:
            self._lock.release()

        if "error" in answer:
            raise _ended(subject, answer["error"])
        return answer

    def _acquire(self, allowance: Allowance) -> None:
        started = monotonic()
        if not self._lock.acquire(timeout=max(0.0, allowance.waiting)):
            raise TooManyAttempts(
                "other documents are being tried out",
                retry_after=ceil(self.seconds),
                remedy="try again in a moment",
            )
        allowance.waiting -= monotonic() - started

    def close(self) -> None:
        """End the child process."""
        with self._lock:
            self._end_child()

    def _running_child(self) -> "_Child":
        if self._child is None:
            self._child = _Child(self.memory_bytes)
            self._child.wait_until_ready()
        return self._child

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


SHARED_EVALUATOR = DraftEvaluator()
"""The evaluator of this process; its child ends with it."""


class _Child:
    """A process that runs `serve`. It ends when its standard input is closed."""

    def __init__(self, memory_bytes: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def wait_until_ready(self) -> None:
        """Wait for the child to announce that it has started. Raise `_ChildFailed`."""
        self._receive(START_SECONDS)

    def request(self, content: bytes, seconds: float) -> bytes:
        """Return the answer to a request. Raise `_ChildFailed`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(_framed(content))
            self._process.stdin.flush()
        except OSError:
            raise _ChildFailed("its process has ended") from None

        return self._receive(seconds)

    def end(self) -> None:
        """Kill the process and close its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)

    def _receive(self, seconds: float) -> bytes:
        deadline = monotonic() + seconds
        length = int.from_bytes(self._read(_LENGTH_BYTES, deadline))
        return self._read(length, deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        found = bytearray()
        while len(found) < size:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - monotonic()))
            if not ready:
                raise _ChildFailed(TOO_MUCH_TIME)

            part = os.read(descriptor, size - len(found))
            if not part:
                raise _ChildFailed(TOO_MUCH_MEMORY)

            found += part
        return bytes(found)


def serve() -> None:
    """Answer the requests on standard input, in the child."""
    if sys.platform != "win32":
        limit = int(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    _send(answers, b"ready")
    while True:
        header = requests.read(_LENGTH_BYTES)
        if not header:
            return

        request = orjson.loads(requests.read(int.from_bytes(header)))
        _send(answers, _encoded(answer_of(request)))


def result_of(answer: Mapping[str, Any]) -> Transformed | TransformFailure:
    """Return what the child says a transformation makes of a payload."""
    if "failure" in answer:
        return TransformFailure(*answer["failure"])

    keys = tuple(MappingKey(*key) for key in answer["keys"])
    return Transformed(answer["document"], keys)


def _ended(subject: Subject, why: str) -> DraftEnded:
    return DraftEnded(
        f"{subject.name} cannot be evaluated: {why}", where=subject.where, remedy=subject.remedy
    )


def _encoded(answer: Mapping[str, Any]) -> bytes:
    content = orjson.dumps(answer, default=_plain)
    if len(content) > ANSWER_BYTES:
        return orjson.dumps({"error": f"its result has more than {ANSWER_BYTES} bytes"})
    return content


def _plain(value: Any) -> Any:
    """Return a decimal as a number, and what else JSON does not have as text."""
    return float(value) if isinstance(value, Decimal) else str(value)


def _framed(content: bytes) -> bytes:
    return len(content).to_bytes(_LENGTH_BYTES) + content


def _send(stream: BinaryIO, content: bytes) -> None:
    stream.write(_framed(content))
    stream.flush()


def _close(pipe: Any) -> None:
    """Close a pipe, of which the other end may have ended with unread content."""
    try:
        pipe.close()
    except OSError:
        return
