"""Each rule of scripts/lint reports a planted violation and accepts similar, correct code."""

import subprocess
from pathlib import Path

import pytest
from scripts.lint import RULES, Finding, Tree, lint
from scripts.lint.repository_rules import commit_subjects

REGISTRY = ".".join(("pypi", "org"))
HOME = "/" + "home/ada/"
DECISIONS = "src/openiom/orders/decisions.py"
SERVICE = "src/openiom/orders/service.py"
TEN_BRANCHES = "    if a:\n        b = 1\n" * 10

SETTINGS = """
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="OPENIOM_")
    home: Path = Path("data")
    port: int = 8000
"""
ORDER_MODELS = """
SCHEMA = "orders"


class Order(Base):
    __tablename__ = "order"
    __table_args__ = (Index("ix_order_number", "number"), {"schema": SCHEMA})
"""
STOCK_MODELS = """
class Stock(Base):
    __tablename__ = "stock"
    __table_args__ = {"schema": "stock_keeping"}
"""


def findings(root: Path, files: dict[str, str]) -> list[tuple[str, int, str]]:
    """Return path, line and rule of each finding in a tree of exactly these files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return [(found.path, found.line, found.rule) for found in lint(Tree(root))]


VIOLATIONS = [
    (SERVICE, "def hold(session):\n    session.commit()\n", 2, "no-commit"),
    (
        "src/openiom/platform/database.py",
        "def unit_of_work(s):\n    s.commit()\n\ndef other(s):\n    s.commit()\n",
        5,
        "no-commit",
    ),
    (SERVICE, "x = 1\n" * 501, 1, "file-length"),
    ("tests/orders/test_hold.py", "x = 1\n" * 501, 1, "file-length"),
    (SERVICE, "\ndef long():\n" + "    x = 1\n" * 60, 2, "function-length"),
    (SERVICE, f"def cancel(a):\n{TEN_BRANCHES}    return a and 1\n", 1, "branch-points"),
    (
        "simulators/store/state.py",
        f"def f(a):\n{TEN_BRANCHES}    list(x for x in a)\n",
        1,
        "branch-points",
    ),
    ("scripts/release.py", "def f(a, b, c, d, *, e, f, g, h, i): ...\n", 1, "parameter-count"),
    (SERVICE, "x = [\n    [b for b in a]\n    for a in c\n]\n", 2, "nested-comprehension"),
    (
        "tests/orders/test_hold.py",
        "x = {a: sum(b for b in a) for a in c}\n",
        1,
        "nested-comprehension",
    ),
    (SERVICE, "x = (\n    *('id', 'number'),\n    'state',\n)\n", 2, "star-tuple"),
    (SERVICE, "f(*[1, 2])\n", 1, "star-tuple"),
    (SERVICE, "x = round(total_cost, 2)\n", 1, "money-rounding"),
    (SERVICE, "x = line.price.quantize(CENT)\n", 1, "money-rounding"),
    (SERVICE, "x = np.array(money).round(4)\n", 1, "money-rounding"),
    (SERVICE, "x = f'saves {move.saving:.2f}'\n", 1, "money-rounding"),
    (SERVICE, "x = '{:.2f} {currency} off'\n", 1, "money-rounding"),
    (SERVICE, "x = 'SELECT round(l.tax * d.units / l.quantity, 4)'\n", 1, "money-rounding"),
    ("src/openiom/orders/utils.py", "x = 1\n", 1, "vague-module"),
    ("src/openiom/orders/helpers/dates.py", "x = 1\n", 1, "vague-module"),
    ("src/openiom/orders/reserving.py", "x = 1\n", 1, "gerund-module"),
    ("tests/orders/test_state_counting.py", "x = 1\n", 1, "gerund-module"),
    (DECISIONS, "import datetime as dt\nx = dt.datetime.now(dt.UTC)\n", 2, "no-clock-in-decisions"),
    (DECISIONS, "x = datetime.utcnow()\n", 1, "no-clock-in-decisions"),
    ("src/openiom/orders/decisions/due.py", "x = time.time()\n", 1, "no-clock-in-decisions"),
    ("src/openiom/orders/routes.py", "async def listed(): ...\n", 1, "sync-packages"),
    (
        "migrations/versions/one.py",
        "import os\nfrom openiom.orders import SCHEMA\n",
        2,
        "independent-migrations",
    ),
    ("migrations/versions/one.py", "import openiom.orders.models\n", 1, "independent-migrations"),
    (
        "migrations/versions/one.py",
        'x = 1\nop.create_index("ix_a", "a", ["b"])\n',
        2,
        "concurrent-indexes",
    ),
    (
        "src/openiom/orders/routes.py",
        "import re\nfrom fastapi import APIRouter, Query\n",
        2,
        "one-thread-routes",
    ),
    ("src/openiom/orders/models.py", "class Told: ...\n", 1, "banned-word"),
    ("src/openiom/orders/at_the_desk.py", "x = 1\n", 1, "banned-word"),
    (SERVICE, "def hold(order, *, asker): ...\n", 1, "banned-word"),
    (SERVICE, "def f(x):\n    x.units_held = 1\n", 2, "banned-word"),
    (SERVICE, "def put_users(x): ...\n", 1, "banned-word"),
    (SERVICE, "def take_update(x): ...\n", 1, "banned-word"),
    (SERVICE, "class Line:\n    let_go: bool\n", 2, "banned-word"),
    ("src/openiom/orders/models.py", 'x = Index("ix_line_asked", "x")\n', 1, "banned-word"),
    (
        "src/openiom/orders/models.py",
        'class Line(Base):\n    __tablename__ = "kept_again"\n',
        2,
        "banned-word",
    ),
    (
        "src/openiom/orders/models.py",
        'x = CheckConstraint("a > 0", name="never_more_than_asked")\n',
        1,
        "banned-word",
    ),
    (SERVICE, '"""Hold orders.\n\nRows are deleted for\ngood."""\n', 3, "banned-phrase"),
    (SERVICE, "x = 1\ny = 2  # Whoever finds no leader leads.\n", 2, "banned-phrase"),
    (SERVICE, "def f():\n    '''Return where the order stands.'''\n", 2, "banned-phrase"),
    ("tests/orders/test_hold.py", "def test_nobody_holds_it(): ...\n", 1, "banned-phrase"),
    ("docs/tour.md", f"Look into\n{HOME}openiom.\n", 2, "no-machine-path"),
    ("Makefile", f"INDEX := https://{REGISTRY}/simple\n", 1, "no-registry-host"),
    (
        "ui/package-lock.json",
        '{\n"resolved": "https://packages.example/react.tgz"\n}\n',
        2,
        "no-lock-urls",
    ),
    ("requirements.lock", "a @ https://packages.example/a-1-py3-none-any.whl\n", 1, "no-lock-urls"),
    ("invariants/stock.sql", "SELECT 1;\n", 1, "invariant-summary"),
    ("invariants/stock.sql", "-- stock\nSELECT 1;\n", 1, "invariant-summary"),
    ("ui/src/pages/orders/List.tsx", "export {};\n" * 401, 1, "typescript-file-length"),
]


@pytest.mark.parametrize(("name", "text", "line", "rule"), VIOLATIONS)
def test_a_planted_violation_is_reported(
    tmp_path: Path, name: str, text: str, line: int, rule: str
) -> None:
    assert findings(tmp_path, {name: text}) == [(name, line, rule)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/openiom/platform/database.py", "def unit_of_work(s):\n    s.commit()\n"),
        (SERVICE, "x = 1\n" * 500),
        (SERVICE, "def long():\n" + "    x = 1\n" * 59),
        (SERVICE, f"def cancel(a):\n{TEN_BRANCHES}"),
        ("tests/orders/test_hold.py", f"def test_hold(a):\n{TEN_BRANCHES}    a or 1\n"),
        (SERVICE, "class Line:\n    def f(self, a, b, c, d, *, e, f, g, h): ...\n"),
        (SERVICE, "x = f([a for a in b], [a for a in c])\n"),
        (SERVICE, "x = (*rows, 'state')\n"),
        (SERVICE, "x = round(seconds, 3) + round(costly)\n"),
        (SERVICE, "x = quantity.quantize(STEP)\ny = f'{km:.1f} km'\n"),
        (SERVICE, "x = money.round(COST_DECIMALS)\ny = 'SELECT round(l.weight, 3)'\n"),
        ("src/openiom/kernel/money.py", "x = round(cost, 4)\n"),
        ("src/openiom/logistics/routing.py", "x = 1\n"),
        ("tests/providers/test_id_mapping.py", "x = 1\n"),
        ("src/openiom/migrations/versions/first.py", "def upgrade():\n" + "    x = 1\n" * 600),
        (SERVICE, "x = datetime.now(UTC)\n"),
        (DECISIONS, "def due(*, now):\n    return now.replace(tzinfo=None)\n"),
        ("src/openiom/platform/live.py", "async def stream(): ...\n"),
        (SERVICE, "def f(outstanding, warehouse_id, task, put, house_number): ...\n"),
        (SERVICE, "def f(orders):\n    asked = 1  # Ask for one row and try again.\n"),
        (SERVICE, '"""Return the lock that is held; SKU stands for stock keeping unit."""\n'),
        ("tests/orders/test_hold.py", "def test_an_order_is_sent_again(): ...\n"),
        ("docs/tour.md", "See https://openiom.example" + HOME + "guide and the /workers/ page.\n"),
        ("requirements.lock", "a==1 \\\n    --hash=sha256:00\n"),
        ("invariants/stock.sql", "-- Reserved units never exceed the units on hand.\nSELECT 1;\n"),
        ("ui/src/client/schema.d.ts", "export {};\n" * 4000),
        ("ui/src/pages/orders/List.tsx", "export {};\n" * 400),
    ],
)
def test_correct_code_is_accepted(tmp_path: Path, name: str, text: str) -> None:
    assert findings(tmp_path, {name: text}) == []


def test_a_setting_without_documentation_is_reported(tmp_path: Path) -> None:
    page = "`OPENIOM_HOME`: data folder; `OPENIOM_MODEL_CONFIG` is not a setting.\n"
    files = {"docs/settings.md": page, "src/openiom/platform/settings.py": SETTINGS}

    assert findings(tmp_path, files) == [
        ("src/openiom/platform/settings.py", 5, "documented-settings")
    ]


def test_a_public_class_name_is_defined_once(tmp_path: Path) -> None:
    files = {
        "src/openiom/orders/decisions.py": "class Plan: ...\nclass _Row: ...\n",
        "src/openiom/policies/tables.py": "class _Row: ...\n\nclass Plan: ...\n",
        "tests/orders/builders.py": "class Plan: ...\n",
        "simulators/store/state.py": "class Plan: ...\n",
    }

    assert findings(tmp_path, files) == [("src/openiom/policies/tables.py", 3, "unique-class-name")]


@pytest.mark.parametrize(
    "statement",
    [
        '"SELECT id FROM orders.order"',
        '"""SELECT id\n    FROM orders."order" """',
        'f"SELECT {columns} " f"FROM stock_keeping.stock JOIN orders.order USING (id)"',
        '"DELETE FROM orders.order"  # a comment',
    ],
)
def test_sql_that_names_a_table_of_another_package_is_reported(
    tmp_path: Path, statement: str
) -> None:
    files = {
        "src/openiom/orders/models.py": ORDER_MODELS,
        "src/openiom/stock/models.py": STOCK_MODELS,
        "src/openiom/stock/queries.py": f"\nquery = {statement}\n",
    }

    assert findings(tmp_path, files) == [("src/openiom/stock/queries.py", 2, "foreign-table")]


@pytest.mark.parametrize(
    "statement",
    [
        '"SELECT id FROM stock_keeping.stock"',
        '"SELECT orders.id FROM incoming AS orders"',
        '"see orders.order"',
        'ForeignKey("orders.order.id")',
        '"SELECT 1 FROM orders.order"  # allow foreign-table: one statement for both packages',
    ],
)
def test_sql_of_own_tables_is_accepted(tmp_path: Path, statement: str) -> None:
    files = {
        "src/openiom/orders/models.py": ORDER_MODELS,
        "src/openiom/stock/models.py": STOCK_MODELS,
        "src/openiom/stock/queries.py": f"query = {statement}\n",
    }

    assert findings(tmp_path, files) == []


def commit(root: Path, subject: str) -> str:
    """Make an empty commit in the repository at `root` and return its id."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    command = ["git", *identity, "commit", "--quiet", "--allow-empty", "-m", subject]
    subprocess.run(command, cwd=root, check=True)
    return (Tree(root).git("rev-parse", "--short", "HEAD") or "").strip()


def test_long_commit_subjects_after_the_base_are_reported(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    base = commit(tmp_path, "x" * 80)
    commit(tmp_path, "x" * 72)
    long = commit(tmp_path, "x" * 73)

    found = list(commit_subjects(Tree(tmp_path), base))

    assert [(finding.path, finding.rule) for finding in found] == [
        (f"commit {long}", "commit-subject")
    ]


def test_commit_subjects_are_not_checked_without_the_base(tmp_path: Path) -> None:
    assert list(commit_subjects(Tree(tmp_path))) == []

    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    commit(tmp_path, "x" * 80)

    assert list(commit_subjects(Tree(tmp_path))) == []


def test_an_exemption_names_the_rule_and_a_reason(tmp_path: Path) -> None:
    source = (
        "scratch.commit()  # allow no-commit: a scratch database that no package reads\n"
        "scratch.commit()  # allow no-commit:\n"
        "scratch.commit()  # allow file-length: another rule than the violated one\n"
    )

    found = findings(tmp_path, {"src/openiom/platform/copy.py": source})

    assert [line for _, line, _ in found] == [2, 3]


def test_every_rule_has_a_planted_violation() -> None:
    planted = {rule for *_, rule in VIOLATIONS}
    planted |= {"documented-settings", "unique-class-name", "foreign-table", "commit-subject"}

    assert len(planted) == len(RULES)


def test_a_finding_is_printed_like_a_compiler_error() -> None:
    assert str(Finding("a.py", 3, "no-commit", "flush")) == "a.py:3: no-commit: flush"
