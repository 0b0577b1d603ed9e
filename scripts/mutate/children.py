"""Forked children that run pytest, a limited number at a time."""

import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

POLL_SECONDS = 0.02
CRASHED = 70


@dataclass(frozen=True)
class Task:
    """Work for one child: `action` gets the number of its slot and returns the exit code."""

    key: object
    action: Callable[[int], int]
    seconds: float


@dataclass(frozen=True)
class Result:
    """How a child ended. `exit_code` is None when it did not end in time."""

    key: object
    exit_code: int | None
    output: str


@dataclass(frozen=True)
class _Child:
    task: Task
    slot: int
    output: Path
    started: float = field(default_factory=time.monotonic)

    @property
    def is_overdue(self) -> bool:
        return time.monotonic() > self.started + self.task.seconds


def run_tasks(tasks: Iterable[Task], jobs: int) -> Iterator[Result]:
    """Run each task in a child of its own, `jobs` at a time, and yield the results as they end."""
    waiting = list(reversed(list(tasks)))
    running: dict[int, _Child] = {}
    with tempfile.TemporaryDirectory(prefix="openiom-mutate-") as folder:
        try:
            while waiting or running:
                for slot in _free_slots(running, jobs)[: len(waiting)]:
                    child = _Child(waiting.pop(), slot, Path(folder) / f"slot-{slot}")
                    running[_fork(child)] = child

                yield from _finished(running)
                time.sleep(POLL_SECONDS)
        finally:
            for pid in running:
                _kill(pid)


def _free_slots(running: dict[int, _Child], jobs: int) -> list[int]:
    used = {child.slot for child in running.values()}
    return sorted(set(range(jobs)) - used)


def _kill(pid: int) -> None:
    """End a child and the processes that it started."""
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _finished(running: dict[int, _Child]) -> Iterator[Result]:
    """Remove the children that ended or are overdue from `running` and yield their results."""
    for pid, child in list(running.items()):
        ended, status = os.waitpid(pid, os.WNOHANG)
        exit_code: int | None = None
        if ended:
            exit_code = os.waitstatus_to_exitcode(status)
        elif child.is_overdue:
            _kill(pid)
        else:
            continue

        del running[pid]
        output = child.output.read_text("utf-8", "replace") if child.output.exists() else ""
        yield Result(child.task.key, exit_code, output)


def _fork(child: _Child) -> int:
    """Start a child in a process group of its own and return its process id."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid

    exit_code = CRASHED
    try:
        os.setsid()
        descriptor = os.open(child.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        exit_code = child.task.action(child.slot)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # the child must not return into the loop of its parent
        traceback.print_exc()
    finally:
        os._exit(exit_code)
