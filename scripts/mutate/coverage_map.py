"""Which lines of the decision modules each test executes."""

import importlib
import os
import pickle
import sys
import tempfile
import threading
import warnings
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from .children import Task, run_tasks

DATABASE_FIXTURE = "postgres_url"
EXCLUDED_MARKERS = ("slow", "browser")
OWN_PACKAGES = {"openiom", "openiom_simulators", "tests", "scripts", "benchmarks", "__main__"}
PYTEST_OPTIONS = (
    "-q",
    "-p",
    "no:cacheprovider",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
    "--hypothesis-seed=0",
)
# Calls of one function that a test traces line by line; tracing all would take minutes.
TRACED_CALLS = 100
# Parts of the tests for each child, so that no child waits long for the others.
PARTS_PER_JOB = 3
MAP_SECONDS = 1800.0


@dataclass
class CoveredTest:
    """One test: how long it takes, and the lines it executes by file."""

    name: str
    uses_database: bool
    seconds: float = 0.0
    passed: bool = True
    lines: dict[str, set[int]] = field(default_factory=dict)


@dataclass
class CoverageMap:
    """The tests that passed, and the third-party modules that they loaded."""

    tests: list[CoveredTest] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)

    def add(self, other: "CoverageMap") -> None:
        self.tests.extend(test for test in other.tests if test.passed)
        self.modules.extend(other.modules)

    def preload(self) -> None:
        """Import the third-party modules, so that a forked child does not have to."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in dict.fromkeys(self.modules):
                with suppress(Exception):
                    importlib.import_module(name)


class Recorder:
    """A pytest plugin that selects tests and records the lines they execute."""

    def __init__(self, root: Path, targets: Iterable[str], uses_database: bool) -> None:
        self.targets = {str(root / target): target for target in targets}
        self.uses_database = uses_database
        self.tests: dict[str, CoveredTest] = {}
        self.lines: dict[str, set[int]] = {}
        self.calls: Counter[CodeType] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests that do, or do not, need a database."""
        items[:] = [item for item in items if self._is_selected(item)]

    def _is_selected(self, item: pytest.Item) -> bool:
        if any(item.get_closest_marker(marker) for marker in EXCLUDED_MARKERS):
            return False
        fixtures: Sequence[str] = getattr(item, "fixturenames", ())
        return (DATABASE_FIXTURE in fixtures) == self.uses_database

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Trace the test while it runs."""
        test = CoveredTest(item.nodeid, self.uses_database)
        self.tests[item.nodeid] = test
        self.lines = defaultdict(set)
        self.calls = Counter()
        threading.settrace(self._trace)
        sys.settrace(self._trace)

        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            test.lines = dict(self.lines)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note duration and outcome; the setup of shared fixtures does not count."""
        test = self.tests[report.nodeid]
        test.passed = test.passed and report.outcome == "passed"
        if report.when == "call":
            test.seconds = report.duration

    def _trace(self, frame: FrameType, _event: str, _argument: object) -> Any:
        target = self.targets.get(frame.f_code.co_filename)
        if target is None:
            return None

        self.calls[frame.f_code] += 1
        if self.calls[frame.f_code] > TRACED_CALLS:
            return None

        lines = self.lines[target]
        lines.add(frame.f_lineno)

        def trace_line(inner: FrameType, _event: str, _argument: object) -> Any:
            lines.add(inner.f_lineno)
            return trace_line

        return trace_line


def map_tests(
    root: Path, files: Sequence[str], targets: Sequence[str], *, uses_database: bool, jobs: int
) -> CoverageMap:
    """Run the tests of `files` once, in `jobs` children, and return what they execute."""
    found = CoverageMap()
    with tempfile.TemporaryDirectory(prefix="openiom-coverage-") as folder:
        tasks: list[Task] = []
        parts = jobs * PARTS_PER_JOB

        for number in range(parts):
            part = files[number::parts]
            output = Path(folder) / str(number)
            if part:
                recorder = Recorder(root, targets, uses_database)
                tasks.append(Task(output, _recording(root, part, recorder, output), MAP_SECONDS))

        for result in run_tasks(tasks, jobs):
            output = Path(str(result.key))
            if not output.exists():
                raise RuntimeError(f"the tests did not run:\n{result.output[-4000:]}")

            found.add(pickle.loads(output.read_bytes()))

    return found


def _recording(root: Path, files: Sequence[str], recorder: Recorder, output: Path) -> Any:
    """Return the action of a child that records the tests of `files`."""

    def record(slot: int) -> int:
        exit_code = run_pytest(root, files, slot, plugins=[recorder])
        recorded = CoverageMap(list(recorder.tests.values()), _third_party_modules())
        output.write_bytes(pickle.dumps(recorded))
        return exit_code

    return record


def _third_party_modules() -> list[str]:
    """Return the loaded modules that are not of this repository."""
    return [name for name in list(sys.modules) if name.partition(".")[0] not in OWN_PACKAGES]


def run_pytest(root: Path, arguments: Sequence[str], slot: int, plugins: Sequence[object]) -> int:
    """Run pytest in this process and return its exit code; `slot` names the database it uses."""
    os.environ["PYTEST_XDIST_WORKER"] = f"mutate{slot}"
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = tempfile.gettempdir()
    os.chdir(root)
    return int(pytest.main([*PYTEST_OPTIONS, *arguments], plugins=list(plugins)))
