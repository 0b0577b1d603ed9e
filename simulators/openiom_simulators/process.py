"""Runs a simulator as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import orjson

END_SECONDS = 5


@dataclass(frozen=True, slots=True)
class SimulatorProcess:
    """A simulator process that listens at `url`."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def simulator_process(kind: str, arguments: Sequence[str] = ()) -> Iterator[SimulatorProcess]:
    """Run `python -m openiom_simulators KIND ARGUMENTS` while the block runs."""
    command = [sys.executable, "-m", "openiom_simulators", kind, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                raise RuntimeError(
                    f"the {kind} simulator ended before it was ready; see its log above"
                )

            yield SimulatorProcess(orjson.loads(line)["url"], process)
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
