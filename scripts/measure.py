"""Measure how dense the source is, beside well-kept codebases and the targets of this project.

    python -m scripts.measure [PATH...] [--root DIR] [--worst N] [--json] [--check]

Definitions:

*Branch point*: `if` and `elif`, `for`, `while`, `except`, a conditional expression, each operand of
`and`/`or` beyond the first, each `for` and each `if` of a comprehension, and each `case` of a
`match`. `assert`, `with`, `else` and `finally` are not counted. A nested function counts both for
itself and for the function that contains it.

*Complexity*: the branch points of a function plus one.

*Density* (branch points a line): complexity divided by the lines of the function, from `def` to its
last line, docstring included. Only functions of at least ten lines have a density.

*Parameters*: all parameters of a function, `*args` and `**kwargs` included, except `self`, `cls`.

*Lines*: all lines of a file, blank lines and comments included.

This file uses the standard library only, so a copy of it measures any checkout.
"""

import argparse
import ast
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ANCHORS = ("first version", "httpx", "Meltano", "Polar")
DEFAULT_PATHS = ("src", "simulators")
# Folders of the source and the folders of tests that mirror them, the longer path first.
TEST_FOLDERS = {
    "src/openiom": "tests",
    "src": "tests",
    "simulators/openiom_simulators": "tests/simulators",
    "simulators": "tests/simulators",
}
SHORTEST_DENSE_FUNCTION = 10
HIGH_DENSITY = 0.6
HIGH_COMPLEXITY = 10
MANY_PARAMETERS = 6
MAX_PARAMETERS = 8

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
BRANCHING_NODES = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.IfExp,
    ast.match_case,
)

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """Size figures of one function or method."""

    path: str
    line: int
    name: str
    lines: int
    branch_points: int
    parameters: int

    @property
    def complexity(self) -> int:
        return self.branch_points + 1

    @property
    def density(self) -> float:
        return self.complexity / self.lines

    @property
    def location(self) -> str:
        return f"{self.path}:{self.line} {self.name}"


@dataclass(frozen=True)
class SourceFile:
    """Size figures of one Python file."""

    path: str
    lines: int
    comprehensions: int
    functions: tuple[Function, ...]

    @property
    def comprehensions_per_100_lines(self) -> float:
        return 100 * self.comprehensions / max(self.lines, 1)


@dataclass(frozen=True)
class Sample:
    """The files that are measured, with the lines of the tests that mirror them."""

    files: tuple[SourceFile, ...]
    test_lines: int

    @cached_property
    def lines(self) -> int:
        return sum(file.lines for file in self.files)

    @cached_property
    def functions(self) -> list[Function]:
        found: list[Function] = []
        for file in self.files:
            found.extend(file.functions)
        return found

    @cached_property
    def dense_candidates(self) -> list[Function]:
        """Functions long enough to have a density."""
        return [f for f in self.functions if f.lines >= SHORTEST_DENSE_FUNCTION]


@dataclass(frozen=True)
class Measure:
    """One row of the table; `anchors` are the scores of `ANCHORS` in the same order."""

    key: str
    label: str
    compute: Callable[[Sample], float]
    anchors: tuple[str, ...]
    target: float | None = None
    higher_is_better: bool = False

    def is_met(self, value: float) -> bool:
        """Return whether `value` reaches the target; a measure without a target is always met."""
        if self.target is None:
            return True
        return value >= self.target if self.higher_is_better else value <= self.target

    @property
    def target_text(self) -> str:
        if self.target is None:
            return ""
        return f"{'>=' if self.higher_is_better else '<='} {self.target:g}"


def branch_points(node: ast.AST) -> int:
    """Return the number of branch points in `node`, as defined in the docstring of this module."""
    total = 0
    for child in ast.walk(node):
        if isinstance(child, BRANCHING_NODES):
            total += 1
        elif isinstance(child, ast.BoolOp):
            total += len(child.values) - 1
        elif isinstance(child, ast.comprehension):
            total += 1 + len(child.ifs)
    return total


def parameter_count(function: FunctionNode) -> int:
    """Return the number of parameters of `function` without `self` and `cls`."""
    names: list[str] = []
    for node in ast.walk(function.args):
        if isinstance(node, ast.arg) and node.arg not in ("self", "cls"):
            names.append(node.arg)
    return len(names)


def line_count(function: FunctionNode) -> int:
    """Return the lines of `function` from `def` to its end; decorators are not included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def measure_source(path: str, text: str) -> SourceFile:
    """Return the figures of one file. Raise `SyntaxError` when `text` is not valid Python."""
    functions: list[Function] = []
    comprehensions = 0
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, COMPREHENSION):
            comprehensions += 1
        elif isinstance(node, FUNCTION):
            functions.append(
                Function(
                    path=path,
                    line=node.lineno,
                    name=node.name,
                    lines=line_count(node),
                    branch_points=branch_points(node),
                    parameters=parameter_count(node),
                )
            )
    return SourceFile(path, len(text.splitlines()), comprehensions, tuple(functions))


def python_files(path: Path) -> list[Path]:
    """Return `path` itself when it is a file, else every Python file below it, sorted."""
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*.py") if "__pycache__" not in file.parts)


def measure_files(root: Path, paths: Iterable[str]) -> Iterator[SourceFile]:
    """Yield the figures of every Python file below `paths`; report files that do not parse."""
    for path in paths:
        for file in python_files(root / path):
            name = file.relative_to(root).as_posix()
            try:
                yield measure_source(name, file.read_text("utf-8"))
            except SyntaxError as error:
                sys.stderr.write(f"{name}: skipped, not valid Python: {error}\n")


def mirrored_tests(path: str) -> str:
    """Return the test folder or file that mirrors `path`: tests/orders for src/openiom/orders."""
    source = path.rstrip("/")
    mirror = f"tests/{source}"
    for folder, tests in TEST_FOLDERS.items():
        if source == folder or source.startswith(f"{folder}/"):
            mirror = tests + source.removeprefix(folder)
            break
    if mirror.endswith(".py"):
        parent, _, module = mirror.rpartition("/")
        mirror = f"{parent}/test_{module}"
    return mirror


def count_test_lines(root: Path, paths: Iterable[str]) -> int:
    """Return the lines of the tests that mirror `paths`; each test file counts once."""
    files: set[Path] = set()
    for path in paths:
        files.update(python_files(root / mirrored_tests(path)))
    lines = 0
    for file in filter(Path.is_file, files):
        lines += len(file.read_text("utf-8").splitlines())
    return lines


def measure_tree(root: Path, paths: Sequence[str]) -> Sample:
    """Return the sample of all files below `paths`, which are relative to `root`."""
    return Sample(tuple(measure_files(root, paths)), count_test_lines(root, paths))


def ratio(part: float, whole: float) -> float:
    """Return `part / whole`, or zero when there is nothing to divide by."""
    return part / whole if whole else 0.0


def share(functions: Sequence[Function], is_counted: Callable[[Function], bool]) -> float:
    """Return the percentage of `functions` that are counted."""
    return 100 * ratio(count(functions, is_counted), len(functions))


def count(functions: Sequence[Function], is_counted: Callable[[Function], bool]) -> int:
    return len(list(filter(is_counted, functions)))


def comprehensions_per_100_lines(sample: Sample) -> float:
    return 100 * ratio(sum(file.comprehensions for file in sample.files), sample.lines)


def mean_density(sample: Sample) -> float:
    candidates = sample.dense_candidates
    return ratio(sum(f.density for f in candidates), len(candidates))


def dense_share(sample: Sample) -> float:
    return share(sample.dense_candidates, lambda f: f.density > HIGH_DENSITY)


def complex_share(sample: Sample) -> float:
    return share(sample.functions, lambda f: f.complexity > HIGH_COMPLEXITY)


def many_parameters(sample: Sample) -> int:
    return count(sample.functions, lambda f: f.parameters > MANY_PARAMETERS)


def too_many_parameters(sample: Sample) -> int:
    return count(sample.functions, lambda f: f.parameters > MAX_PARAMETERS)


def most_parameters(sample: Sample) -> int:
    return max((f.parameters for f in sample.functions), default=0)


def tests_per_source_line(sample: Sample) -> float:
    return ratio(sample.test_lines, sample.lines)


MEASURES = (
    Measure(
        key="comprehensions",
        label="comprehensions per 100 lines",
        compute=comprehensions_per_100_lines,
        anchors=("4.35", "0.63", "0.44", "0.38"),
        target=1.5,
    ),
    Measure(
        key="density",
        label="branch points a line, mean (functions >= 10 lines)",
        compute=mean_density,
        anchors=("0.35", "0.20", "0.13", "0.15"),
        target=0.20,
    ),
    Measure(
        key="dense_functions",
        label="functions with > 0.6 branch points a line, %",
        compute=dense_share,
        anchors=("11.7", "0.5", "0.0", "0.1"),
        target=0.5,
    ),
    Measure(
        key="complex_functions",
        label="functions with complexity > 10, %",
        compute=complex_share,
        anchors=("5.0", "1.8", "1.9", "3.3"),
        target=1.0,
    ),
    Measure(
        key="many_parameters",
        label=f"functions with > {MANY_PARAMETERS} parameters",
        compute=many_parameters,
        anchors=("43", "9 %", "1 %", "3.5 %"),
    ),
    Measure(
        key="too_many_parameters",
        label=f"functions with > {MAX_PARAMETERS} parameters",
        compute=too_many_parameters,
        anchors=("9", "", "", ""),
        target=0,
    ),
    Measure(
        key="most_parameters",
        label="most parameters of a function",
        compute=most_parameters,
        anchors=("25", "", "", ""),
        target=MAX_PARAMETERS,
    ),
    Measure(
        key="tests",
        label="test lines per source line",
        compute=tests_per_source_line,
        anchors=("0.47", "1.0", "0.9", "1.1"),
        target=0.8,
        higher_is_better=True,
    ),
)


def table(sample: Sample) -> str:
    """Return the measures of `sample` beside the anchors and the targets, as aligned text."""
    rows: list[tuple[str, ...]] = [("", "this tree", *ANCHORS, "target", "")]
    for measure in MEASURES:
        value = measure.compute(sample)
        verdict = "" if measure.is_met(value) else "missed"
        figures = (f"{value:.4g}", *measure.anchors, measure.target_text)
        rows.append((measure.label, *figures, verdict))
    widths: list[int] = []
    for column in zip(*rows, strict=True):
        widths.append(max(map(len, column)))
    lines: list[str] = []
    for label, *cells in rows:
        line = label.ljust(widths[0])
        for cell, width in zip(cells, widths[1:], strict=True):
            line += "  " + cell.rjust(width)
        lines.append(line.rstrip())
    return "\n".join(lines)


def report(heading: str, ranked: Iterable[tuple[float, str]], size: int) -> str:
    """Return the first `size` places of a ranking below its heading."""
    lines = [heading]
    for value, place in list(ranked)[:size]:
        lines.append(f"{value:6.4g}  {place}")
    return "\n".join(lines)


def rank_files(sample: Sample) -> list[tuple[float, str]]:
    """Return comprehensions per 100 lines and the file, worst first."""
    ranking: list[tuple[float, str]] = []
    for file in sample.files:
        place = f"{file.path}:1 ({file.comprehensions} comprehensions, {file.lines} lines)"
        ranking.append((file.comprehensions_per_100_lines, place))
    return sorted(ranking, reverse=True)


def rank_functions(
    functions: Iterable[Function], figure: Callable[[Function], float]
) -> list[tuple[float, str]]:
    """Return `figure` of each function and its place, worst first."""
    ranking = [(figure(function), function.location) for function in functions]
    return sorted(ranking, reverse=True)


def rank_packages(root: Path, sample: Sample) -> list[tuple[float, str]]:
    """Return test lines per source line and the package, worst first."""
    lines: Counter[str] = Counter()
    for file in sample.files:
        lines[package_of(file.path)] += file.lines
    ranking: list[tuple[float, str]] = []
    for package, source_lines in lines.items():
        value = ratio(count_test_lines(root, [package]), source_lines)
        ranking.append((value, f"{package} ({source_lines} lines)"))
    return sorted(ranking)


def package_of(path: str) -> str:
    """Return the package of a file: src/openiom/orders for src/openiom/orders/queries.py."""
    depth = 3 if path.startswith("src/") else 1
    return "/".join(path.split("/")[:depth])


def worst(root: Path, sample: Sample, size: int) -> str:
    """Return the `size` worst places of each measure, as text."""
    functions = sample.functions
    densities = rank_functions(sample.dense_candidates, lambda f: round(f.density, 2))
    complexities = rank_functions(functions, lambda f: f.complexity)
    parameters = rank_functions(functions, lambda f: f.parameters)
    sections = (
        report("Files by comprehensions per 100 lines", rank_files(sample), size),
        report("Functions by branch points a line", densities, size),
        report("Functions by complexity", complexities, size),
        report("Functions by parameters", parameters, size),
        report("Packages by test lines per source line", rank_packages(root, sample), size),
    )
    return "\n\n".join(sections)


def as_json(sample: Sample) -> str:
    """Return the measures of `sample` as a JSON object keyed by measure."""
    measures: dict[str, object] = {}
    for measure in MEASURES:
        value = measure.compute(sample)
        measures[measure.key] = {
            "label": measure.label,
            "value": round(value, 4),
            "target": measure.target,
            "met": measure.is_met(value),
            "anchors": dict(zip(ANCHORS, measure.anchors, strict=True)),
        }
    return json.dumps(
        {
            "files": len(sample.files),
            "lines": sample.lines,
            "functions": len(sample.functions),
            "test_lines": sample.test_lines,
            "measures": measures,
        },
        indent=2,
    )


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    summary = __doc__.partition("\n")[0]
    parser = argparse.ArgumentParser(prog="scripts.measure", description=summary)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="packages or files below the root")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="checkout to measure")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="list the N worst places")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    options = parser.parse_args(arguments)
    if not options.paths:
        options.paths = existing_paths(options.root, DEFAULT_PATHS)
    missing = set(options.paths) - set(existing_paths(options.root, options.paths))
    if missing:
        parser.error(f"not found below {options.root}: {', '.join(sorted(missing))}")
    return options


def existing_paths(root: Path, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if (root / path).exists()]


def meets_targets(sample: Sample) -> bool:
    """Return whether `sample` reaches every target."""
    return all(measure.is_met(measure.compute(sample)) for measure in MEASURES)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measures and return the exit code."""
    options = parse_arguments(arguments)
    sample = measure_tree(options.root, options.paths)
    format_measures = as_json if options.json else table
    sys.stdout.write(f"{format_measures(sample)}\n")
    if options.worst:
        sys.stdout.write(f"\n{worst(options.root, sample, options.worst)}\n")
    if options.check and not meets_targets(sample):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
