"""Rules that keep code easy to read: size, branches, parameters and nesting."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from scripts.measure import COMPREHENSION, branch_points, line_count, parameter_count

from .findings import ALL_PYTHON, PRODUCT, SOURCES, Finding, Rule, Tree

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
MAX_BRANCH_POINTS = 10
MAX_PARAMETERS = 8


def _is_migration(name: str) -> bool:
    return "migrations" in PurePosixPath(name).parts


def file_length(tree: Tree) -> Iterator[Finding]:
    """Refuse files that are too long to read in one sitting."""
    for name in tree.matching(under=ALL_PYTHON, suffix=".py"):
        count = len(tree.lines(name))
        if count > MAX_FILE_LINES and not _is_migration(name):
            advice = f"{count} lines, at most {MAX_FILE_LINES}: split it by use case"
            yield Finding(name, 1, "file-length", f"{advice} behind the same public API")


def function_length(tree: Tree) -> Iterator[Finding]:
    """Refuse functions that do more than one thing."""
    for name, function in tree.functions(PRODUCT):
        count = line_count(function)
        if count > MAX_FUNCTION_LINES and not _is_migration(name):
            advice = f"{function.name} has {count} lines, at most {MAX_FUNCTION_LINES}"
            yield Finding(
                name, function.lineno, "function-length", f"{advice}: extract its stages by name"
            )


def branch_point_limit(tree: Tree) -> Iterator[Finding]:
    """Refuse functions with too many branches, comprehensions and booleans counted."""
    for name, function in tree.functions(SOURCES):
        count = branch_points(function)
        if count > MAX_BRANCH_POINTS:
            advice = f"{function.name} has {count} branch points, at most {MAX_BRANCH_POINTS}"
            yield Finding(
                name,
                function.lineno,
                "branch-points",
                f"{advice} (comprehensions and boolean operators counted): extract a function",
            )


def parameter_limit(tree: Tree) -> Iterator[Finding]:
    """Refuse functions that need more arguments than a reader can remember."""
    for name, function in tree.functions(SOURCES):
        count = parameter_count(function)
        if count > MAX_PARAMETERS:
            advice = f"{function.name} has {count} parameters, at most {MAX_PARAMETERS}"
            yield Finding(
                name,
                function.lineno,
                "parameter-count",
                f"{advice}: pass a dataclass with the values that belong together",
            )


def nested_comprehensions(tree: Tree) -> Iterator[Finding]:
    """Refuse a comprehension inside another one."""
    for name, outer in tree.nodes(ALL_PYTHON, ast.expr):
        if isinstance(outer, COMPREHENSION):
            yield from _inner_comprehensions(name, outer)


def _inner_comprehensions(name: str, outer: ast.AST) -> Iterator[Finding]:
    for inner in ast.walk(outer):
        if inner is not outer and isinstance(inner, COMPREHENSION):
            yield Finding(
                name,
                inner.lineno,
                "nested-comprehension",
                "a comprehension inside another: name the inner value or write a loop",
            )


def star_tuples(tree: Tree) -> Iterator[Finding]:
    """Refuse literals that are unpacked where they are written: `*("id", "number")`."""
    for name, starred in tree.nodes(ALL_PYTHON, ast.Starred):
        if isinstance(starred.value, ast.Tuple | ast.List | ast.Set):
            yield Finding(
                name,
                starred.lineno,
                "star-tuple",
                "a literal unpacked in place: write its elements one below the other",
            )


DENSITY_RULES: tuple[Rule, ...] = (
    file_length,
    function_length,
    branch_point_limit,
    parameter_limit,
    nested_comprehensions,
    star_tuples,
)
