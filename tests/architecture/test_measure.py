import ast
import json
from pathlib import Path

import pytest
from scripts.measure import branch_points, main, measure_source, measure_tree, mirrored_tests

PLAIN = "def plain(a):\n" + "    a = a\n" * 9
DENSE = "def dense(a, b):\n" + "    if a and b: a = b\n" * 9
WIDE = "class Wide:\n    def wide(self, a, b, c, d, e, f, g, *h, i): ...\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with two packages: one plain and tested, one dense and untested."""
    files = {
        "src/openiom/orders/decisions.py": PLAIN,
        "src/openiom/policies/tables.py": DENSE + WIDE + "x = [a for a in b]\n",
        "tests/orders/test_decisions.py": "x = 1\n" * 12,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)

    return tmp_path


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("if a: b", 1),
        ("if a: b\nelif c: d\nelse: e", 2),
        ("for a in b: c\nelse: d", 1),
        ("while a: b", 1),
        ("try: a\nexcept ValueError: b\nexcept KeyError: c\nfinally: d", 2),
        ("a if b else c", 1),
        ("a and b and c", 2),
        ("a and (b or c)", 2),
        ("[a for a in b]", 1),
        ("{a: c for a in b if a if c for c in d}", 4),
        ("match a:\n    case 1: b\n    case _: c", 2),
        ("assert a", 0),
        ("with a: b", 0),
        ("lambda: a or b", 1),
    ],
)
def test_branch_points_of_a_statement(source: str, count: int) -> None:
    assert branch_points(ast.parse(source)) == count


def test_figures_of_a_function() -> None:
    found = measure_source("tables.py", f"x = 1\n{DENSE}{WIDE}")

    dense, wide = found.functions
    assert (dense.line, dense.lines, dense.complexity, dense.density) == (2, 10, 19, 1.9)
    assert (wide.location, wide.parameters) == ("tables.py:13 wide", 9)
    assert found.lines == 13


def test_a_nested_function_counts_for_the_outer_function_too() -> None:
    outer, inner = measure_source("a.py", "def f(a):\n    def g(b):\n        b or a\n").functions

    assert (outer.branch_points, inner.branch_points) == (1, 1)


def test_measures_of_a_tree(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = main(["--root", str(tree), "--json"])

    printed = json.loads(capsys.readouterr().out)
    values = {key: measure["value"] for key, measure in printed["measures"].items()}
    assert exit_code == 0
    assert (printed["lines"], printed["functions"], printed["test_lines"]) == (23, 3, 12)
    assert values == {
        "comprehensions": 4.3478,
        "density": 1.0,
        "dense_functions": 50.0,
        "complex_functions": 33.3333,
        "many_parameters": 1,
        "too_many_parameters": 1,
        "most_parameters": 9,
        "tests": 0.5217,
    }


def test_a_path_limits_source_and_tests(tree: Path) -> None:
    sample = measure_tree(tree, ["src/openiom/orders"])

    assert [file.path for file in sample.files] == ["src/openiom/orders/decisions.py"]
    assert (sample.lines, sample.test_lines) == (10, 12)


def test_check_fails_when_a_target_is_missed(tree: Path) -> None:
    assert main(["--root", str(tree), "--check", "src/openiom/orders"]) == 0
    assert main(["--root", str(tree), "--check", "src/openiom/policies"]) == 1


def test_the_table_shows_anchors_and_missed_targets(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--root", str(tree)])

    heading, first, *_ = capsys.readouterr().out.splitlines()
    assert heading.split() == [
        "this",
        "tree",
        "first",
        "version",
        "httpx",
        "Meltano",
        "Polar",
        "target",
    ]
    assert first.split()[-8:] == ["4.348", "4.35", "0.63", "0.44", "0.38", "<=", "1.5", "missed"]


def test_worst_places_are_listed_by_measure(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--root", str(tree), "--worst", "1"])

    sections = capsys.readouterr().out.split("\n\n")[1:]
    worst = [section.splitlines()[1].split(maxsplit=1) for section in sections]
    assert worst == [
        ["7.692", "src/openiom/policies/tables.py:1 (1 comprehensions, 13 lines)"],
        ["1.9", "src/openiom/policies/tables.py:1 dense"],
        ["19", "src/openiom/policies/tables.py:1 dense"],
        ["9", "src/openiom/policies/tables.py:12 wide"],
        ["0", "src/openiom/policies (13 lines)"],
    ]


@pytest.mark.parametrize(
    ("source", "tests"),
    [
        ("src", "tests"),
        ("src/openiom/", "tests"),
        ("src/openiom/orders/backorder", "tests/orders/backorder"),
        ("src/openiom/kernel/money.py", "tests/kernel/test_money.py"),
        ("simulators", "tests/simulators"),
        ("simulators/openiom_simulators/store", "tests/simulators/store"),
        ("scripts/lint", "tests/scripts/lint"),
    ],
)
def test_tests_mirror_the_source(source: str, tests: str) -> None:
    assert mirrored_tests(source) == tests


def test_a_missing_path_is_an_error(tree: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--root", str(tree), "src/openiom/absent"])
