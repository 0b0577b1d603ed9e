"""Each import contract is shown a violation, planted in a copy of the product, and must break on it."""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sysconfig.get_path("scripts")) / "lint-imports"


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """A copy of the repository's product and contracts that a test may spoil."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src" / "openiom",
        tmp_path / "src" / "openiom",
        ignore=shutil.ignore_patterns("__pycache__", "ui_dist"),
    )
    yield tmp_path
    shutil.rmtree(tmp_path / "src")


def plant(copy: Path, module: str, source: str) -> None:
    """Write `source` as the module openiom/<module>, with packages above it."""
    file = copy / "src" / "openiom" / module
    file.parent.mkdir(parents=True, exist_ok=True)
    package = file.parent
    while package.name != "openiom":
        (package / "__init__.py").touch()
        package = package.parent
    file.write_text(source)


def verdict(copy: Path) -> tuple[int, str]:
    """Exit code and output of lint-imports over the copy."""
    done = subprocess.run(
        [str(LINT_IMPORTS), "--no-cache", "--no-logo"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_house_as_it_stands_keeps_every_contract(copy: Path) -> None:
    code, output = verdict(copy)

    assert code == 0, output
    assert "Contracts: 4 kept, 0 broken." in output


@pytest.mark.parametrize(
    ("contract", "planted"),
    [
        ("Rooms import downwards only", {"kernel/planted.py": "import openiom.orders\n"}),
        (
            "Rooms import downwards only",
            {"orchestration/planted.py": "import openiom.inventory_visibility\n"},
        ),
        (
            "Rooms import downwards only",
            {"orders/planted.py": "import openiom.fulfillment_optimization\n"},
        ),
        ("Rooms import downwards only", {"a_room_without_a_storey/__init__.py": ""}),
        (
            "No provider knows another",
            {
                "library/planted_one/__init__.py": "",
                "library/planted_two/__init__.py": "import openiom.library.planted_one\n",
            },
        ),
        (
            "No cycles, at any depth",
            {
                "orders/planted_one.py": "import openiom.orders.planted_two\n",
                "orders/planted_two.py": "import openiom.orders.planted_one\n",
            },
        ),
        ("Decisions touch no machinery", {"returns/decisions.py": "import sqlalchemy\n"}),
        ("Decisions touch no machinery", {"returns/decisions.py": "import openiom.platform\n"}),
        ("Decisions touch no machinery", {"kernel/planted.py": "import httpx\n"}),
    ],
    ids=[
        "upwards",
        "an engine into a business room",
        "neighbors on one storey",
        "a room without a storey",
        "a provider into another",
        "a cycle inside a room",
        "a decision into the database",
        "a decision into the platform",
        "the kernel into http",
    ],
)
def test_a_planted_violation_breaks_its_contract(
    copy: Path, contract: str, planted: dict[str, str]
) -> None:
    for module, source in planted.items():
        plant(copy, module, source)

    code, output = verdict(copy)

    assert code == 1, output
    assert f"{contract} BROKEN" in output
