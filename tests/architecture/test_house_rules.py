"""Each rule of scripts/lint must name a planted violation and keep silent about its neighbor."""

from pathlib import Path

import pytest
from scripts.lint import PYTHON_RULES, TREE_RULES, Finding, Tree, lint

A_REGISTRY = ".".join(("pypi", "org"))
A_HOME = "/" + "home/ada/"


def findings(root: Path, files: dict[str, str]) -> list[tuple[str, int, str]]:
    """Path, line and rule of what the house rules find in a tree of exactly these files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return [(found.path, found.line, found.rule) for found in lint(Tree(root))]


SETTINGS = """
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="OPENIOM_")
    home: Path = Path("data")
    port: int = 8000
"""

VIOLATIONS = [
    ("src/openiom/orders/service.py", "def hold(session):\n    session.commit()\n", 2, "no-commit"),
    (
        "src/openiom/platform/database.py",
        "def unit_of_work(s):\n    s.commit()\n\ndef other(s):\n    s.commit()\n",
        5,
        "no-commit",
    ),
    ("src/openiom/orders/service.py", "x = 1\n" * 501, 1, "file-length"),
    ("tests/orders/test_hold.py", "x = 1\n" * 501, 1, "file-length"),
    ("src/openiom/orders/service.py", "\ndef long():\n" + "    x = 1\n" * 60, 2, "function-length"),
    ("src/openiom/orders/utils.py", "x = 1\n", 1, "no-nameless-module"),
    ("src/openiom/orders/helpers/dates.py", "x = 1\n", 1, "no-nameless-module"),
    (
        "src/openiom/orders/decisions.py",
        "import datetime as dt\nx = dt.datetime.now(dt.UTC)\n",
        2,
        "decisions-know-no-clock",
    ),
    ("src/openiom/orders/decisions.py", "x = datetime.utcnow()\n", 1, "decisions-know-no-clock"),
    ("src/openiom/orders/decisions/due.py", "x = time.time()\n", 1, "decisions-know-no-clock"),
    ("src/openiom/orders/routes.py", "async def listed(): ...\n", 1, "rooms-are-sync"),
    (
        "migrations/versions/one.py",
        "import os\nfrom openiom.orders import ROOM\n",
        2,
        "migrations-stand-alone",
    ),
    ("migrations/versions/one.py", "import openiom.orders.models\n", 1, "migrations-stand-alone"),
    ("docs/tour.md", f"Look into\n{A_HOME}openiom.\n", 2, "no-machine-path"),
    ("Makefile", f"INDEX := https://{A_REGISTRY}/simple\n", 1, "no-registry-host"),
    (
        "ui/package-lock.json",
        '{\n"resolved": "https://packages.example/react.tgz"\n}\n',
        2,
        "locks-hold-hashes",
    ),
    (
        "requirements.lock",
        "a @ https://packages.example/a-1-py3-none-any.whl\n",
        1,
        "locks-hold-hashes",
    ),
    ("invariants/stock.sql", "SELECT 1;\n", 1, "invariants-state-their-promise"),
    ("invariants/stock.sql", "-- stock\nSELECT 1;\n", 1, "invariants-state-their-promise"),
    ("ui/src/rooms/orders/List.tsx", "export {};\n" * 401, 1, "typescript-file-length"),
]


@pytest.mark.parametrize(("name", "text", "line", "rule"), VIOLATIONS)
def test_a_planted_violation_is_named(
    tmp_path: Path, name: str, text: str, line: int, rule: str
) -> None:
    assert findings(tmp_path, {name: text}) == [(name, line, rule)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/openiom/platform/database.py", "def unit_of_work(s):\n    s.commit()\n"),
        ("src/openiom/orders/service.py", "x = 1\n" * 500),
        ("src/openiom/orders/service.py", "def long():\n" + "    x = 1\n" * 59),
        ("src/openiom/migrations/versions/first.py", "def upgrade():\n" + "    x = 1\n" * 600),
        ("src/openiom/orders/service.py", "x = datetime.now(UTC)\n"),
        (
            "src/openiom/orders/decisions.py",
            "def due(*, now):\n    return now.replace(tzinfo=None)\n",
        ),
        ("src/openiom/platform/live.py", "async def stream(): ...\n"),
        (
            "docs/tour.md",
            "See https://openiom.example" + A_HOME + "guide and the /workers/ page.\n",
        ),
        ("requirements.lock", "a==1 \\\n    --hash=sha256:00\n"),
        ("invariants/stock.sql", "-- Reserved units never exceed the units on hand.\nSELECT 1;\n"),
        ("ui/src/client/schema.d.ts", "export {};\n" * 4000),
        ("ui/src/rooms/orders/List.tsx", "export {};\n" * 400),
    ],
)
def test_what_keeps_the_rule_is_left_alone(tmp_path: Path, name: str, text: str) -> None:
    assert findings(tmp_path, {name: text}) == []


def test_a_setting_without_documentation_is_named(tmp_path: Path) -> None:
    page = {
        "docs/settings.md": "`OPENIOM_HOME`: where the data is; `OPENIOM_MODEL_CONFIG` is no setting.\n"
    }
    settings = {"src/openiom/platform/settings.py": SETTINGS}

    assert findings(tmp_path, page | settings) == [
        ("src/openiom/platform/settings.py", 5, "settings-are-documented")
    ]


def test_the_escape_names_the_rule_and_a_reason(tmp_path: Path) -> None:
    source = (
        "scratch.commit()  # allow no-commit: a scratch database that no room reads\n"
        "scratch.commit()  # allow no-commit:\n"
        "scratch.commit()  # allow file-length: not the rule that was broken\n"
    )

    found = findings(tmp_path, {"src/openiom/platform/copying.py": source})

    assert [line for _, line, _ in found] == [2, 3]


def test_every_rule_has_a_planted_violation() -> None:
    planted = {rule for *_, rule in VIOLATIONS} | {"settings-are-documented"}

    assert len(planted) == len(PYTHON_RULES) + len(TREE_RULES)


def test_a_finding_reads_like_a_compilers() -> None:
    assert str(Finding("a.py", 3, "no-commit", "flush")) == "a.py:3: no-commit: flush"
