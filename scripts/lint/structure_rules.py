"""Rules about modules, packages and what they may do."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from .findings import ALL_PYTHON, FUNCTION, PRODUCT, Finding, Rule, Tree
from .vocabulary import NOUNS_IN_ING, VAGUE_MODULES

COMMIT_FILE = "src/openiom/platform/database.py"
ROUTER_FILE = "src/openiom/platform/endpoints.py"
FIRST_MIGRATION = "first_tables"
COMMIT_FUNCTION = "unit_of_work"
# Packages that serve many clients at once, so that they may have async functions.
ASYNC_PACKAGES = (
    "src/openiom/app/",
    "src/openiom/platform/",
    "simulators/",
)
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
}


def no_commit(tree: Tree) -> Iterator[Finding]:
    """Allow one commit per request, message or batch, at the edge."""
    for name, call in tree.nodes(PRODUCT, ast.Call):
        if not isinstance(call.func, ast.Attribute) or call.func.attr != "commit":
            continue
        if name == COMMIT_FILE and _is_inside(tree.parsed(name), COMMIT_FUNCTION, call):
            continue

        yield Finding(
            name,
            call.lineno,
            "no-commit",
            "a commit in the middle leaves half a change behind: flush if needed and let "
            "platform.database.unit_of_work commit at the edge (docs/adr/0005)",
        )


def _is_inside(module: ast.Module, function_name: str, searched: ast.AST) -> bool:
    """Return whether the node `searched` is part of the function of that name."""
    for node in ast.walk(module):
        if isinstance(node, FUNCTION) and node.name == function_name:
            return any(child is searched for child in ast.walk(node))
    return False


def vague_module_name(tree: Tree) -> Iterator[Finding]:
    """Refuse modules without a subject, such as `utils`."""
    for name in tree.matching(under=PRODUCT, suffix=".py"):
        vague = VAGUE_MODULES & set(PurePosixPath(name).with_suffix("").parts)
        if vague:
            advice = f"'{min(vague)}' does not name a subject: find the noun or the package"
            yield Finding(name, 1, "vague-module", f"{advice} that owns this code")


def gerund_module_name(tree: Tree) -> Iterator[Finding]:
    """Refuse modules named after an activity instead of a thing."""
    for name in tree.matching(under=ALL_PYTHON, suffix="ing.py"):
        stem = PurePosixPath(name).stem
        last_word = stem.rpartition("_")[2]
        if last_word not in NOUNS_IN_ING:
            advice = f"'{stem}' is a gerund: name the module after the thing it contains"
            yield Finding(name, 1, "gerund-module", f"{advice} (soft_reservations, not reserving)")


def decision_clock(tree: Tree) -> Iterator[Finding]:
    """Refuse clocks in decisions: the same facts give the same answer at any time."""
    for name, call in tree.nodes(PRODUCT, ast.Call):
        if "decisions" not in PurePosixPath(name).with_suffix("").parts:
            continue

        clock = _called_method(call)
        if clock in CLOCKS:
            advice = f"{clock[0]}.{clock[1]}() makes the result depend on the time of the call"
            yield Finding(
                name, call.lineno, "no-clock-in-decisions", f"{advice}: pass `now` as an argument"
            )


def _called_method(call: ast.Call) -> tuple[str, str]:
    """Return owner and method of a call: ("datetime", "now") for `dt.datetime.now()`."""
    if not isinstance(call.func, ast.Attribute):
        return "", ""
    owner = call.func.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return name, call.func.attr


def sync_packages(tree: Tree) -> Iterator[Finding]:
    """Refuse async functions outside the packages that serve many clients at once."""
    for name, function in tree.nodes(PRODUCT, ast.AsyncFunctionDef):
        if not name.startswith(ASYNC_PACKAGES):
            advice = f"{function.name} is async, but packages are synchronous and get their"
            yield Finding(
                name,
                function.lineno,
                "sync-packages",
                f"{advice} throughput from batches (docs/adr/0006)",
            )


def independent_migrations(tree: Tree) -> Iterator[Finding]:
    """Refuse migrations that import the product, which changes after they are written."""
    for name, statement in tree.nodes(("migrations/versions/",), ast.stmt):
        if "openiom" in _imported_packages(statement):
            yield Finding(
                name,
                statement.lineno,
                "independent-migrations",
                "a migration that imports openiom changes when the product does: write the "
                "statement or the value into the migration",
            )


def _imported_packages(statement: ast.stmt) -> set[str]:
    """Return the top-level packages that a statement imports."""
    modules: list[str] = []
    if isinstance(statement, ast.ImportFrom):
        modules.append(statement.module or "")
    elif isinstance(statement, ast.Import):
        modules.extend(alias.name for alias in statement.names)
    return {module.partition(".")[0] for module in modules}


def one_thread_routes(tree: Tree) -> Iterator[Finding]:
    """Refuse routers whose requests need several threads, and wait for them with locked rows."""
    for name, statement in tree.nodes(("src/openiom/",), ast.ImportFrom):
        if statement.module != "fastapi" or name == ROUTER_FILE:
            continue

        if any(alias.name == "APIRouter" for alias in statement.names):
            yield Finding(
                name,
                statement.lineno,
                "one-thread-routes",
                "requests of an APIRouter commit in another thread than they lock rows in: use "
                "openiom.platform.http.Router",
            )


def concurrent_indexes(tree: Tree) -> Iterator[Finding]:
    """Refuse indexes that lock a table which earlier migrations have created."""
    for name, module in tree.modules(("migrations/versions/",)):
        if FIRST_MIGRATION in name:
            continue

        for node in ast.walk(module):
            if not isinstance(node, ast.Call) or _called_method(node) != ("op", "create_index"):
                continue

            options = {keyword.arg for keyword in node.keywords}
            if "postgresql_concurrently" not in options:
                yield Finding(
                    name,
                    node.lineno,
                    "concurrent-indexes",
                    "creating an index stops all writes to its table: in "
                    "op.get_context().autocommit_block(), with postgresql_concurrently=True",
                )


def unique_class_names(tree: Tree) -> Iterator[Finding]:
    """Refuse a second public class with a name that already has a meaning."""
    first_module: dict[str, str] = {}
    for name, module in tree.modules(("src/openiom/",)):
        for node in module.body:
            if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
                continue

            other = first_module.setdefault(node.name, name)
            if other != name:
                advice = f"{node.name} is also defined in {other}: one name has one meaning,"
                yield Finding(
                    name, node.lineno, "unique-class-name", f"{advice} so choose a narrower noun"
                )


STRUCTURE_RULES: tuple[Rule, ...] = (
    no_commit,
    vague_module_name,
    gerund_module_name,
    decision_clock,
    sync_packages,
    independent_migrations,
    one_thread_routes,
    concurrent_indexes,
    unique_class_names,
)
