"""
Integer programs solved in a process of their own, because a solver's time limit is a wish: this one can
be killed.

Run as a module it reads pickled tasks from its input and writes pickled answers.
"""

from __future__ import annotations

import pickle
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from .milp import Model, Solution, solve_model
from .problem import Floats

GRACE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """An integer program with a feasible start and the limits of the search."""

    model: Model
    start: Floats
    time_limit: float
    gap: float

    def solved(self) -> Solution:
        return solve_model(self.model, time_limit=self.time_limit, start=self.start, gap=self.gap)


class Solver(Protocol):
    """Solves one integer program at a time."""

    def submit(self, task: Task) -> None: ...

    def result(self) -> Solution | None: ...

    def close(self) -> None: ...


class SolverHere:
    """In this process: for programs that end in milliseconds."""

    def __init__(self) -> None:
        self._task: Task | None = None

    def submit(self, task: Task) -> None:
        self._task = task

    def result(self) -> Solution | None:
        return self._task.solved() if self._task else None

    def close(self) -> None:
        self._task = None


# The same module search path as here, so that it also runs from a checkout. The packages above stand in name only: the
# child needs this module and two beside it, and opening the room's door would take it sixteen times as long to start.
_CHILD = """
import sys, types
sys.path[:] = {path!r}
for name, path in {doors!r}:
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = path
from {module} import serve
serve()
"""


def child_code() -> str:
    """What the child runs: the packages this module is in, below the outermost, with where their modules lie."""
    parts = __name__.split(".")[:-1]
    names = [".".join(parts[:n]) for n in range(2, len(parts) + 1)]
    doors = [(name, list(sys.modules[name].__path__)) for name in names]
    return _CHILD.format(path=sys.path, doors=doors, module=__name__)


class SolverProcess:
    """Starts at once and warms up while its owner is still pricing; a killed one starts again when asked."""

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
        """Hands over a program; `result` answers it."""
        process = self._process or self._start()
        self._until = time.monotonic() + task.time_limit + GRACE_SECONDS
        try:
            if process.stdin is not None:
                pickle.dump(task, process.stdin, protocol=5)
                process.stdin.flush()
        except OSError:
            self.close()

    def result(self) -> Solution | None:
        """What `solve_model` answers; None when the process had to be killed or died."""
        process, answer = self._process, None
        if process is None or process.stdout is None:
            return None
        wait = max(0.0, self._until - time.monotonic())
        try:
            ready, _, _ = select.select([process.stdout], [], [], wait)
            answer = pickle.load(process.stdout) if ready else None
        except (OSError, EOFError, pickle.UnpicklingError):
            answer = None
        if not isinstance(answer, Solution):
            self.close()
            return None
        return answer

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def close(self) -> None:
        """Ends the process; nothing of it outlives this call."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue
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


def serve() -> None:
    """Answers models until the input ends."""
    while True:
        try:
            task = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(task.solved(), sys.stdout.buffer, protocol=5)
        sys.stdout.buffer.flush()
