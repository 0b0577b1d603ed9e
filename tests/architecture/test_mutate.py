import subprocess
import sys
import time
from pathlib import Path

import pytest
from scripts.mutate.children import Task, run_tasks
from scripts.mutate.coverage_map import CoverageMap, CoveredTest
from scripts.mutate.modules import (
    decision_modules,
    does_io,
    files_naming_packages,
    files_of_packages,
    mirrored_folder,
    module_name,
)
from scripts.mutate.mutants import Mutant, find_mutants, mutated_module
from scripts.mutate.trial import is_caught, prepare_trial

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = "src/openiom/orders/decisions.py"
DISCOUNT = '''"""Discounts."""


def discount(quantity):
    """Return the discount in percent; 10 or more units get one."""
    if quantity >= 10:
        return 5
    return 0


def is_large(quantity):
    return quantity > 100
'''
TESTS = """
import pytest
from openiom.orders.decisions import discount, is_large


@pytest.mark.parametrize(("quantity", "percent"), [(9, 0), (10, 5)])
def test_discount(quantity, percent):
    assert discount(quantity) == percent


def test_large():
    assert is_large(500)
    assert not is_large(5)
"""


def changes(source: str) -> list[str]:
    """Return `before -> after` of each mutant of a source."""
    return [f"{mutant.before} -> {mutant.after}" for mutant in find_mutants("a.py", source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", ["a < b -> a <= b"]),
        ("x = a == b != c", ["a == b != c -> a != b != c", "a == b != c -> a == b == c"]),
        ("x = a is None", ["a is None -> a is not None"]),
        ("x = a not in b", ["a not in b -> a in b"]),
        ("x = a and b", ["a and b -> a or b"]),
        ("x = not a", ["not a -> a"]),
        ("x = -a", ["-a -> a"]),
        ("x = a + b", ["a + b -> a - b"]),
        ("x = a * b", ["a * b -> a / b"]),
        ("x += 1", ["x += 1 -> x -= 1"]),
        ("if a: b()", ["if a -> if True", "if a -> if False"]),
        ("while a: b()", ["while a -> while False"]),
        (
            "x = b if a else c",
            ["b if a else c -> b if True else c", "b if a else c -> b if False else c"],
        ),
        ("def f(): return True", ["True -> False"]),
        ("def f(): return 7", ["7 -> 8"]),
        ("def f(): return 'hold'", ["'hold' -> 'hold_mutated'"]),
        ("def f(): return Decimal('0.5')", ["Decimal('0.5') -> Decimal('1.5')"]),
        ("x = a > 3", ["a > 3 -> a >= 3", "3 -> 4"]),
        ("x = lambda: 2", ["2 -> 3"]),
    ],
)
def test_mutants_of_a_statement(source: str, expected: list[str]) -> None:
    assert changes(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "def f(a: int | None = 3) -> int | None:\n    '''Return 1 > 0.'''",
        "Name = int | None",
        "x: dict[str, int] = 1",
        "def f(): return Refusal('text for a reader')",
        "def f(): return f'{a} of 3'",
        "x = 'a' + b",
        "x = 3",
        "logger.info('sent', count=a + b)",
        "assert a > b",
        "@cache(size=1 + 1)\ndef f(): ...",
        "if TYPE_CHECKING:\n    x = a < b",
        "x = a < b  # pragma: no mutate",
        "def __repr__(self): return 'a'",
    ],
)
def test_code_without_behavior_has_no_mutants(source: str) -> None:
    assert changes(source) == []


def test_a_mutant_changes_one_node() -> None:
    first, *_, last = find_mutants(DECISIONS, DISCOUNT)

    namespace: dict[str, object] = {}
    exec(compile(mutated_module(DISCOUNT, last), DECISIONS, "exec"), namespace)

    assert str(first) == f"{DECISIONS}:6: if quantity >= 10  ->  if True"
    assert str(last) == f"{DECISIONS}:12: 100  ->  101"
    assert namespace["is_large"](101) is False  # type: ignore[operator]
    assert namespace["discount"](10) == 5  # type: ignore[operator]


def mutant(*, lines: range, runs_at_import: bool = False) -> Mutant:
    return Mutant(DECISIONS, lines.start, lines, 0, 0, "a", "b", runs_at_import)


def test_tests_that_reach_the_statement_are_chosen_fastest_first() -> None:
    coverage = CoverageMap(
        [
            CoveredTest("tests/a.py::slow", False, 3.0, lines={DECISIONS: {6, 7}}),
            CoveredTest("tests/a.py::other", False, 1.0, lines={DECISIONS: {12}}),
            CoveredTest("tests/a.py::fast", False, 2.0, lines={DECISIONS: {6, 8}}),
            CoveredTest("tests/a.py::long", False, 16.0, lines={DECISIONS: {6}}),
            CoveredTest("tests/orders/test_a.py::near", False, 1.0),
        ]
    )

    reached = prepare_trial(mutant(lines=range(5, 7)), coverage)
    at_import = prepare_trial(mutant(lines=range(1, 2), runs_at_import=True), coverage)

    assert reached.tests == ("tests/a.py::fast", "tests/a.py::slow")
    assert reached.time_limit == 85.0
    assert at_import.tests == (
        "tests/a.py::other",
        "tests/orders/test_a.py::near",
        "tests/a.py::fast",
        "tests/a.py::slow",
    )
    assert prepare_trial(mutant(lines=range(20, 21)), coverage).tests == ()


@pytest.mark.parametrize(
    ("exit_code", "expected"), [(0, False), (1, True), (2, True), (None, True), (-11, True)]
)
def test_a_failure_a_broken_import_and_a_timeout_catch_a_mutant(
    exit_code: int | None, expected: bool
) -> None:
    assert is_caught(exit_code) is expected


def test_a_child_that_does_not_end_is_killed() -> None:
    def wait(_slot: int) -> int:
        time.sleep(60)
        return 0

    tasks = [Task("slow", wait, 0.2), Task("fast", lambda _slot: 5, 30.0)]

    results = {result.key: result.exit_code for result in run_tasks(tasks, jobs=2)}

    assert results == {"slow": None, "fast": 5}


def test_modules_that_do_no_io_are_mutated(tmp_path: Path) -> None:
    files = {
        "src/openiom/orders/decisions.py": "import decimal\n",
        "src/openiom/orders/states.py": "from openiom.platform.database import Base\n",
        "src/openiom/orders/queries.py": "x = 1\n",
        "src/openiom/policies/language/words.py": "x = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert decision_modules(tmp_path) == [DECISIONS, "src/openiom/policies/language/words.py"]
    assert decision_modules(tmp_path, ["src/openiom/orders"]) == [
        DECISIONS,
        "src/openiom/orders/queries.py",
    ]


def test_tests_of_a_package_and_tests_that_import_it_are_run(tmp_path: Path) -> None:
    files = {
        "tests/orders/test_hold.py": "x = 1\n",
        "tests/app/test_web.py": "from openiom.orders import hold  # longer\n",
        "tests/policies/test_tables.py": "from openiom.orders_archive import hold\n",
        "tests/browser/test_orders.py": "from openiom.orders import hold\n",
        "tests/orders/builders.py": "x = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert files_of_packages(tmp_path, ["orders"]) == ["tests/orders/test_hold.py"]
    assert files_naming_packages(tmp_path, ["orders"]) == [
        "tests/app/test_web.py",
        "tests/orders/test_hold.py",
    ]


def test_imports_of_io_are_recognized() -> None:
    assert does_io("from sqlalchemy.orm import Session")
    assert does_io("import openiom.platform.http as http")
    assert not does_io("import sqlalchemyish\nfrom openiom.kernel import Quantity")
    assert module_name("src/openiom/kernel/__init__.py") == "openiom.kernel"
    assert mirrored_folder("src/openiom/orders/backorder/decisions.py") == "tests/orders"


def test_survivors_of_a_planted_tree_are_printed(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["src", "."]\n',
        "src/openiom/__init__.py": "",
        "src/openiom/orders/__init__.py": "",
        DECISIONS: DISCOUNT,
        "tests/orders/test_decisions.py": TESTS,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    command = [sys.executable, "-m", "scripts.mutate", "--root", str(tmp_path), "--no-database"]

    done = subprocess.run(
        [*command, "--require", "90"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stdout.splitlines() == [
        f"survived  {DECISIONS}:12: 100  ->  101",
        f"survived  {DECISIONS}:12: quantity > 100  ->  quantity >= 100",
        "8 mutants, 6 caught (75.0 %), 2 survived, 0 reached by no test",
    ], done.stderr
    assert done.returncode == 1
