"""Which modules decide without I/O, and where their tests are."""

import ast
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

PRODUCT = "src/openiom"
# Patterns of paths below the product; a star also matches a slash.
DECISION_MODULES = (
    "*/decisions.py",
    "*/states.py",
    "kernel/*.py",
    "state_framework/machine.py",
    "policies/language/*.py",
    "policies/policy.py",
    "policies/compiled_policy.py",
    "policies/tables.py",
    "orchestration/graph.py",
    "orders/allowed_actions.py",
    "inventory_visibility/*measures.py",
    "inventory_visibility/*projection.py",
    "inventory_visibility/*availability_hierarchy.py",
    "logistics/*.py",
    "fulfillment_optimization/rates.py",
    "fulfillment_optimization/constraints/*.py",
    "fulfillment_optimization/engine/costs.py",
    "fulfillment_optimization/engine/plan.py",
    "fulfillment_optimization/engine/problem.py",
    "fulfillment_optimization/engine/shadow_prices.py",
)
# Folders whose tests start browsers and servers, or test other programs than the decision modules.
EXCLUDED_TESTS = (
    "tests/architecture/",
    "tests/browser/",
    "tests/contracts/",
    "tests/journeys/",
    "tests/library/",
    "tests/simulators/",
    "tests/ui/",
)
# A module that imports one of these does I/O, whatever its name.
IO_PACKAGES = ("sqlalchemy", "psycopg", "fastapi", "httpx", "openiom.platform")


def decision_modules(root: Path, paths: Sequence[str] = ()) -> list[str]:
    """Return the files to mutate: those below `paths`, else those of `DECISION_MODULES`."""
    found: list[str] = []
    for file in sorted((root / PRODUCT).rglob("*.py")):
        name = file.relative_to(root).as_posix()
        is_chosen = name.startswith(tuple(paths)) if paths else _is_decision(name)
        if is_chosen and not does_io(file.read_text("utf-8")):
            found.append(name)
    return found


def _is_decision(name: str) -> bool:
    inside = name.removeprefix(f"{PRODUCT}/")
    return any(fnmatch(inside, pattern) for pattern in DECISION_MODULES)


def does_io(source: str) -> bool:
    """Return whether a module imports a package that does I/O."""
    for module in _imported_modules(ast.parse(source)):
        for package in IO_PACKAGES:
            if module == package or module.startswith(f"{package}."):
                return True
    return False


def _imported_modules(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name


def module_name(path: str) -> str:
    """Return the import name of a file: openiom.kernel.money for src/openiom/kernel/money.py."""
    name = path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__")
    return name.replace("/", ".")


def package_of(path: str) -> str:
    """Return the package of a file: orders for src/openiom/orders/decisions.py."""
    return path.removeprefix(f"{PRODUCT}/").partition("/")[0]


def mirrored_folder(path: str) -> str:
    """Return the folder of tests that mirrors the package of a file: tests/orders."""
    return f"tests/{package_of(path)}"


def files_of_packages(root: Path, packages: Sequence[str]) -> list[str]:
    """Return the test files of some packages, largest first, so that they divide evenly."""
    folders = tuple(f"tests/{package}/" for package in packages)
    return [name for name in _test_files(root) if name.startswith(folders)]


def files_naming_packages(root: Path, packages: Sequence[str]) -> list[str]:
    """Return the test files of some packages, and those that import one of them."""
    own = set(files_of_packages(root, packages))
    imports = re.compile(rf"\bopeniom\.(?:{'|'.join(packages)})\b")
    found: list[str] = []
    for name in _test_files(root):
        if name in own or imports.search((root / name).read_text("utf-8")):
            found.append(name)
    return found


def _test_files(root: Path) -> list[str]:
    """Return the test files that may be run for a mutant, largest first."""
    names: list[str] = []
    files = (root / "tests").rglob("test_*.py")
    for file in sorted(files, key=lambda file: file.stat().st_size, reverse=True):
        name = file.relative_to(root).as_posix()
        if not name.startswith(EXCLUDED_TESTS):
            names.append(name)
    return names
