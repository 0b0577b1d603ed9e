"""Evaluation of a transformation in a child process with limits on its time and memory.

The engine cannot be interrupted, and an expression that exhausts the memory ends its process. What
a person tries out is therefore evaluated in a child: when it takes too long or ends, they get
an error, and no other request notices. The child is kept for the next evaluation.
"""

import os
import select
import subprocess
import sys
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from time import monotonic
from typing import Any, BinaryIO

import orjson

from openiom.kernel import Invalid, TooManyAttempts

from .language import (
    ExplainedPath,
    MappingKey,
    Transformation,
    TransformationDocument,
    Transformed,
    TransformFailure,
)

if sys.platform != "win32":
    import resource

SECONDS = 5.0
MEMORY_BYTES = 2 * 1024**3
START_SECONDS = 30.0
_LENGTH_BYTES = 8
_PROGRAM = "from openiom.policies.draft_process import serve; serve()"


@dataclass(frozen=True, slots=True)
class DraftResult:
    """What a transformation makes of one payload, path by path and as a whole."""

    rows: list[ExplainedPath]
    result: Transformed | TransformFailure


class _ChildFailed(Exception):
    """The child has not answered; the text says why."""


@dataclass
class DraftEvaluator:
    """Evaluates one transformation at a time in a child process, which starts when it is needed."""

    seconds: float = SECONDS
    memory_bytes: int = MEMORY_BYTES
    _child: "_Child | None" = None
    _lock: Lock = field(default_factory=Lock)

    def evaluate(self, document: TransformationDocument, payload: str) -> DraftResult:
        """Return what a transformation makes of a payload.

        Raise `Invalid` when that takes too long or exhausts the memory, and `TooManyAttempts` when
        other evaluations do not end soon.
        """
        content = orjson.dumps({"document": document.body(), "payload": payload})
        if not self._lock.acquire(timeout=self.seconds):
            raise TooManyAttempts(
                "other transformations are being tried out",
                retry_after=ceil(self.seconds),
                remedy="try again in a moment",
            )

        try:
            return _read_answer(self._running_child().request(content, seconds=self.seconds))
        except _ChildFailed as failure:
            self._end_child()
            raise Invalid(
                f"the transformation cannot be evaluated: {failure}",
                where=f"{document.source} to {document.target}",
                remedy="use fewer loops and smaller lists in its expressions",
            ) from None
        finally:
            self._lock.release()

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

    def request(self, content: bytes, *, seconds: float) -> bytes:
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
                raise _ChildFailed("it takes too long")

            part = os.read(descriptor, size - len(found))
            if not part:
                raise _ChildFailed("it needs too much memory")

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
        _send(answers, orjson.dumps(_answer(request), default=str))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    used = Transformation(TransformationDocument.model_validate(request["document"]))
    rows = [tuple(row) for row in used.explain(request["payload"])]
    [result] = used.transform_many([request["payload"]])
    if isinstance(result, TransformFailure):
        return {"rows": rows, "failure": tuple(result)}

    keys = [tuple(key) for key in result.keys]
    return {"rows": rows, "document": result.document, "keys": keys}


def _read_answer(answer: bytes) -> DraftResult:
    body = orjson.loads(answer)
    rows = [ExplainedPath(*row) for row in body["rows"]]
    if "failure" in body:
        return DraftResult(rows, TransformFailure(*body["failure"]))

    keys = tuple(MappingKey(*key) for key in body["keys"])
    return DraftResult(rows, Transformed(body["document"], keys))


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
