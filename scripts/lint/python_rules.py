"""Rules about Python files, decided on their syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from .findings import Finding, Tree

PRODUCT = ("src/openiom/",)
ALL_PYTHON = ("src/", "tests/", "scripts/", "benchmarks/")
FILE_LINES = 500
FUNCTION_LINES = 60
NAMELESS = {"utils", "util", "common", "helpers", "helper", "misc"}
THE_EDGE = ("src/openiom/platform/database.py", "unit_of_work")
ASYNC_EDGES = ("app", "platform", "simulators")
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
}

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def _written_by_hand(name: str) -> bool:
    return "migrations" not in PurePosixPath(name).parts


def no_commit(tree: Tree) -> Iterator[Finding]:
    """One request, one wave, one step: one commit, at the edge."""
    edge_file, edge_function = THE_EDGE
    for name in tree.matching(under=PRODUCT, suffix=".py"):
        module = tree.parsed(name)
        excused: set[ast.AST] = set()
        if name == edge_file:
            for node in ast.walk(module):
                if isinstance(node, FUNCTION) and node.name == edge_function:
                    excused.update(ast.walk(node))
        for node in ast.walk(module):
            if (
                isinstance(node, ast.Call)
                and node not in excused
                and _called_attribute(node) == "commit"
            ):
                yield Finding(
                    name,
                    node.lineno,
                    "no-commit",
                    "a room that commits halfway leaves half a truth behind; flush if you must and let "
                    "platform.database.unit_of_work commit at the edge (docs/adr/0005)",
                )


def _called_attribute(call: ast.Call) -> str | None:
    return call.func.attr if isinstance(call.func, ast.Attribute) else None


def file_length(tree: Tree) -> Iterator[Finding]:
    """A file fits in one head."""
    for name in tree.matching(under=ALL_PYTHON, suffix=".py"):
        count = len(tree.lines(name))
        if _written_by_hand(name) and count > FILE_LINES:
            yield Finding(
                name,
                1,
                "file-length",
                f"{count} lines, at most {FILE_LINES}: split by use case (service/<verb_noun>.py) "
                "behind the same front door",
            )


def function_length(tree: Tree) -> Iterator[Finding]:
    """A function does one thing."""
    for name in tree.matching(under=PRODUCT, suffix=".py"):
        if not _written_by_hand(name):
            continue
        for node in ast.walk(tree.parsed(name)):
            if isinstance(node, FUNCTION):
                count = (node.end_lineno or node.lineno) - node.lineno + 1
                if count > FUNCTION_LINES:
                    yield Finding(
                        name,
                        node.lineno,
                        "function-length",
                        f"{node.name} has {count} lines, at most {FUNCTION_LINES}: "
                        "name its stages and call them in order",
                    )


def no_nameless_module(tree: Tree) -> Iterator[Finding]:
    """A helper with no noun has no owner."""
    for name in tree.matching(under=PRODUCT, suffix=".py"):
        nameless = NAMELESS & set(PurePosixPath(name).with_suffix("").parts)
        if nameless:
            yield Finding(
                name,
                1,
                "no-nameless-module",
                f"'{min(nameless)}' says nothing of what is inside: find the noun, or the room, that owns it",
            )


def decisions_know_no_clock(tree: Tree) -> Iterator[Finding]:
    """A decision is the same answer for the same facts, today and in a year."""
    for name in tree.matching(under=PRODUCT, suffix=".py"):
        if "decisions" not in PurePosixPath(name).with_suffix("").parts:
            continue
        for node in ast.walk(tree.parsed(name)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                owner_name = (
                    owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
                )
                if (owner_name, node.func.attr) in CLOCKS:
                    yield Finding(
                        name,
                        node.lineno,
                        "decisions-know-no-clock",
                        f"{owner_name}.{node.func.attr}() makes the answer depend on when it is asked: "
                        "take `now` as a keyword argument",
                    )


def rooms_are_sync(tree: Tree) -> Iterator[Finding]:
    """One color of function; only the web server's edge waits for many at once."""
    for name in tree.matching(under=PRODUCT, suffix=".py"):
        if name.removeprefix("src/openiom/").startswith(tuple(f"{edge}/" for edge in ASYNC_EDGES)):
            continue
        for node in ast.walk(tree.parsed(name)):
            if isinstance(node, ast.AsyncFunctionDef):
                advice = f"{node.name} is async: rooms are synchronous and get their throughput from waves (docs/adr/0006)"
                yield Finding(name, node.lineno, "rooms-are-sync", advice)


def migrations_stand_alone(tree: Tree) -> Iterator[Finding]:
    """What a migration did to a database yesterday it does to another one in a year."""
    for name in tree.matching(under=("migrations/versions/",), suffix=".py"):
        for node in ast.walk(tree.parsed(name)):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(module.partition(".")[0] == "openiom" for module in modules):
                advice = "changes when the product does: write the statement or the value into the migration"
                yield Finding(
                    name,
                    node.lineno,
                    "migrations-stand-alone",
                    f"a migration that imports openiom {advice}",
                )


PYTHON_RULES = (
    no_commit,
    file_length,
    function_length,
    no_nameless_module,
    decisions_know_no_clock,
    rooms_are_sync,
    migrations_stand_alone,
)
