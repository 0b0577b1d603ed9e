"""Command line of the mutation tests.

    python -m scripts.mutate [--sample N] [--seed N] [--paths PATH...] [--jobs N] [--require N]

Prints the share of mutants that the tests catch and the survivors, and exits 1 below `--require`.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .children import CRASHED, Task, run_tasks
from .coverage_map import CoverageMap, map_tests, run_pytest
from .database import shared_database
from .modules import decision_modules, files_naming_packages, files_of_packages, package_of
from .mutants import Mutant, find_mutants
from .trial import is_caught, prepare_trial, trial_action


@dataclass
class Outcome:
    """What became of the mutants of a run."""

    caught: list[Mutant] = field(default_factory=list)
    survived: list[Mutant] = field(default_factory=list)
    unreached: list[Mutant] = field(default_factory=list)

    @property
    def missed(self) -> list[Mutant]:
        return [*self.survived, *self.unreached]

    @property
    def total(self) -> int:
        return len(self.caught) + len(self.missed)

    @property
    def percent(self) -> float:
        return 100 * len(self.caught) / self.total if self.total else 100.0


def report_progress(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def sample_mutants(root: Path, modules: Sequence[str], size: int, seed: int) -> list[Mutant]:
    """Return `size` random mutants of the modules; the same seed gives the same mutants."""
    population: list[Mutant] = []
    for module in modules:
        population.extend(find_mutants(module, (root / module).read_text("utf-8")))
    report_progress(f"{len(population)} mutants in {len(modules)} modules")
    chosen = random.Random(seed).sample(population, min(size, len(population)))
    return sorted(chosen, key=lambda mutant: (mutant.path, mutant.line, mutant.node))


def try_mutants(root: Path, mutants: Sequence[Mutant], coverage: CoverageMap, jobs: int) -> Outcome:
    """Run the tests that reach each mutant."""
    outcome = Outcome()
    tasks: list[Task] = []
    for mutant in mutants:
        trial = prepare_trial(mutant, coverage)
        if trial.tests:
            tasks.append(Task(mutant, trial_action(root, trial), trial.time_limit))
        else:
            outcome.unreached.append(mutant)

    if tasks:
        check_unchanged_code(root, coverage)

    report_progress(f"{len(tasks)} mutants reached by tests, {len(outcome.unreached)} not")
    for number, result in enumerate(run_tasks(tasks, jobs), start=1):
        assert isinstance(result.key, Mutant)
        if result.exit_code == CRASHED:
            raise RuntimeError(f"the tests of {result.key} did not run:\n{result.output[-4000:]}")

        group = outcome.caught if is_caught(result.exit_code) else outcome.survived
        group.append(result.key)
        if number % 20 == 0:
            report_progress(f"{number} of {len(tasks)}: {len(outcome.caught)} caught")

    return outcome


def mutated_packages(mutants: Sequence[Mutant]) -> list[str]:
    """Return the packages of the mutants, sorted."""
    return sorted({package_of(mutant.path) for mutant in mutants})


def check_unchanged_code(root: Path, coverage: CoverageMap) -> None:
    """Raise `RuntimeError` when a test fails in a child without a mutant."""
    fastest = min(coverage.tests, key=lambda test: test.seconds)
    task = Task(None, lambda slot: run_pytest(root, [fastest.name], slot, plugins=[]), 120.0)
    for result in run_tasks([task], jobs=1):
        if result.exit_code != 0:
            raise RuntimeError(f"{fastest.name} fails without a mutant:\n{result.output[-4000:]}")


def run_without_database(
    root: Path, mutants: Sequence[Mutant], modules: Sequence[str], jobs: int
) -> Outcome:
    """Try the mutants with the tests that need no database."""
    report_progress("running the tests without a database once, to see what they execute")
    files = files_naming_packages(root, mutated_packages(mutants))
    coverage = map_tests(root, files, modules, uses_database=False, jobs=jobs)
    coverage.preload()
    return try_mutants(root, mutants, coverage, jobs)


def run_with_database(
    root: Path, mutants: Sequence[Mutant], modules: Sequence[str], jobs: int
) -> Outcome:
    """Try the mutants with the tests of their packages that need a database."""
    packages = mutated_packages(mutants)
    report_progress(f"running the tests with a database once: {', '.join(packages)}")
    files = files_of_packages(root, packages)

    with shared_database(root):
        coverage = map_tests(root, files, modules, uses_database=True, jobs=jobs)
        coverage.preload()
        return try_mutants(root, mutants, coverage, jobs)


def print_outcome(outcome: Outcome) -> None:
    """Print the survivors and the share of caught mutants."""
    for mutant in sorted(outcome.survived, key=str):
        sys.stdout.write(f"survived  {mutant}\n")

    for mutant in sorted(outcome.unreached, key=str):
        sys.stdout.write(f"no test   {mutant}\n")

    sys.stdout.write(
        f"{outcome.total} mutants, {len(outcome.caught)} caught ({outcome.percent:.1f} %), "
        f"{len(outcome.survived)} survived, {len(outcome.unreached)} reached by no test\n"
    )


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts.mutate", description="Run mutation tests.")
    parser.add_argument("--sample", type=int, default=200, help="how many mutants to try")
    parser.add_argument("--seed", type=int, default=1, help="which mutants to try")
    parser.add_argument("--paths", nargs="*", default=(), help="files or folders to mutate instead")
    parser.add_argument("--jobs", type=int, default=2, help="how many mutants to try at a time")
    parser.add_argument("--require", type=float, default=85.0, help="percent that must be caught")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument(
        "--no-database", action="store_true", help="skip the tests that need a database"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutation tests and return the exit code."""
    options = parse_arguments(arguments)
    root: Path = options.root.resolve()
    modules = decision_modules(root, options.paths)
    mutants = sample_mutants(root, modules, options.sample, options.seed)
    outcome = run_without_database(root, mutants, modules, options.jobs)
    if outcome.missed and not options.no_database:
        second = run_with_database(root, outcome.missed, modules, options.jobs)
        reached = set(outcome.survived)
        outcome = Outcome(
            caught=[*outcome.caught, *second.caught],
            survived=[*second.survived, *(m for m in second.unreached if m in reached)],
            unreached=[mutant for mutant in second.unreached if mutant not in reached],
        )

    print_outcome(outcome)
    return 0 if outcome.percent >= options.require else 1


if __name__ == "__main__":
    sys.exit(main())
