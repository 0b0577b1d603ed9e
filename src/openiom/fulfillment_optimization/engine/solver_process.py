"""Integer programs solved in a child process, which is killed when it exceeds its time limit.

A solver's own time limit is not a hard limit. The child reads pickled tasks from its standard input
and writes pickled solutions to its standard output.
"""

from __future__ import annotations

import pickle
import select
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Protocol

from .milp import Model, Solution, solve_model
from .problem import Floats

GRACE_SECONDS = 1.0
"""Seconds beyond the time limit of a task before its process is killed."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """An integer program with a feasible start and the limits of the search."""

    model: Model
    start: Floats
    time_limit: float
    gap: float

    def solve(self) -> Solution:
        """Solve the program in this process."""
        return solve_model(self.model, time_limit=self.time_limit, start=self.start, gap=self.gap)


class Solver(Protocol):
    """A solver of one integer program at a time."""

    def submit(self, task: Task) -> None:
        """Start to solve a program."""

    def result(self) -> Solution | None:
        """Wait for the solution of the program submitted last; None when there is none."""

    def close(self) -> None:
        """Release the solver's resources."""


class InProcessSolver:
    """A solver in this process, for programs that end in milliseconds."""

    def __init__(self) -> None:
        self._task: Task | None = None

    def submit(self, task: Task) -> None:
        """Keep the program for `result`."""
        self._task = task

    def result(self) -> Solution | None:
        """Solve the program submitted last."""
        return self._task.solve() if self._task else None

    def close(self) -> None:
        """Forget the program."""
        self._task = None


# The child gets this process's module search path, so that it also runs from a checkout. The
# packages above this module are empty stand-ins: executing their __init__ would make the start
# sixteen times as slow, and the child needs only three modules.
_CHILD = """
import sys, types
sys.path[:] = {path!r}
for name, path in {packages!r}:
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = path
from {module} import serve
serve()
"""


def child_code() -> str:
    """Return the program of the child process."""
    parts = __name__.split(".")[:-1]
    names = [".".join(parts[:n]) for n in range(2, len(parts) + 1)]
    packages = [(name, list(sys.modules[name].__path__)) for name in names]
    return _CHILD.format(path=sys.path, packages=packages, module=__name__)


class SolverProcess:
    """A solver in a child process.

    The process starts with this object, so that it loads the solver while the caller still works; a
    killed one is started again by the next task.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._until = 0.0
        self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            [sys.executable, "-c", child_code()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=-1,
        )
        return self._process

    def submit(self, task: Task) -> None:
        """Send a program to the process; `result` returns its solution."""
        process = self._process or self._start()
        self._until = time.monotonic() + task.time_limit + GRACE_SECONDS

        try:
            _send(process, task)
        except OSError:
            self.close()

    def result(self) -> Solution | None:
        """Wait for the solution; None when the process was killed or died."""
        process = self._process
        if process is None or process.stdout is None:
            return None

        answer: object = None
        wait = max(0.0, self._until - time.monotonic())

        with suppress(OSError, EOFError, pickle.UnpicklingError):
            ready, _, _ = select.select([process.stdout], [], [], wait)
            if ready:
                answer = pickle.load(process.stdout)

        if isinstance(answer, Solution):
            return answer

        self.close()
        return None

    @property
    def pid(self) -> int | None:
        """The process id; None when no process runs."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """Kill the process and wait for its end."""
        process, self._process = self._process, None
        if process is None:
            return

        process.kill()
        for stream in (process.stdin, process.stdout):
            _close(stream)

        process.wait()

    def __enter__(self) -> SolverProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


def _send(process: subprocess.Popen[bytes], task: Task) -> None:
    if process.stdin is not None:
        pickle.dump(task, process.stdin, protocol=5)
        process.stdin.flush()


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        with suppress(BrokenPipeError):
            stream.close()


def serve() -> None:
    """Solve tasks in the child process until the input ends."""
    while True:
        try:
            task = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(task.solve(), sys.stdout.buffer, protocol=5)
        sys.stdout.buffer.flush()
