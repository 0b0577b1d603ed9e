"""The trial of one mutant: its tests, run in a child that imports the changed module."""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from .coverage_map import CoverageMap, CoveredTest, run_pytest
from .modules import mirrored_folder, module_name
from .mutants import Mutant, mutated_module

# The tests of one mutant take about this long, fastest first.
TEST_SECONDS = 20.0
# Time for the imports of a child and for a machine under load.
MARGIN_SECONDS = 60.0
SLOWDOWN = 5.0


@dataclass(frozen=True)
class Trial:
    """A mutant with the tests that reach it, fastest first."""

    mutant: Mutant
    tests: tuple[str, ...]
    seconds: float

    @property
    def time_limit(self) -> float:
        return MARGIN_SECONDS + SLOWDOWN * self.seconds


class MutantFinder(MetaPathFinder):
    """Finds the mutated module, and leaves all others to the other finders."""

    def __init__(self, root: Path, mutant: Mutant) -> None:
        self.file = root / mutant.path
        self.mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the mutated module when it is imported."""
        if fullname != module_name(self.mutant.path):
            return None
        loader = MutantLoader(fullname, str(self.file), self.mutant)
        return importlib.util.spec_from_file_location(fullname, self.file, loader=loader)


class MutantLoader(SourceFileLoader):
    """Loads a module with the change of one mutant."""

    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self.mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        """Compile the mutated source; there is no cached bytecode."""
        tree = mutated_module(Path(self.path).read_text("utf-8"), self.mutant)
        code: CodeType = compile(tree, self.path, "exec")
        return code


def prepare_trial(mutant: Mutant, coverage: CoverageMap) -> Trial:
    """Choose the tests for a mutant: those that reach its line, as long as time allows."""
    reaching: list[CoveredTest] = []
    for test in coverage.tests:
        if _reaches(test, mutant):
            reaching.append(test)

    reaching.sort(key=lambda test: test.seconds)
    names: list[str] = []
    seconds = 0.0
    for test in reaching:
        if names and seconds + test.seconds > TEST_SECONDS:
            break

        names.append(test.name)
        seconds += test.seconds

    return Trial(mutant, tuple(names), seconds)


def _reaches(test: CoveredTest, mutant: Mutant) -> bool:
    """Return whether a test executes the statement of a mutant.

    Code that runs at import runs before the tests: every test that executes the module counts,
    and every test of its package.
    """
    lines = test.lines.get(mutant.path, set())
    if mutant.runs_at_import:
        return bool(lines) or test.name.startswith(f"{mirrored_folder(mutant.path)}/")

    return not lines.isdisjoint(mutant.lines)


def trial_action(root: Path, trial: Trial) -> Callable[[int], int]:
    """Return the action of a child: the exit code of pytest over the mutant."""

    def run(slot: int) -> int:
        sys.meta_path.insert(0, MutantFinder(root, trial.mutant))
        return run_pytest(root, ["-x", *trial.tests], slot, plugins=[])

    return run


def is_caught(exit_code: int | None) -> bool:
    """Return whether the tests noticed the mutant: a failure, an import error or a time-out."""
    return exit_code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
