"""Each import contract reports a violation that is planted in a copy of the product."""

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
    """A copy of the product and its import contracts that a test may change."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src" / "openiom",
        tmp_path / "src" / "openiom",
        ignore=shutil.ignore_patterns("__pycache__", "ui_dist"),
    )
    yield tmp_path
    shutil.rmtree(tmp_path / "src")


def plant(copy: Path, module: str, source: str) -> None:
    """Write `source` as the module openiom/<module> and create the packages above it."""
    file = copy / "src" / "openiom" / module
    file.parent.mkdir(parents=True, exist_ok=True)
    for package in file.parents:
        if package.name == "openiom":
            break
        (package / "__init__.py").touch()
    file.write_text(source)


def lint_imports(copy: Path) -> tuple[int, str]:
    """Return exit code and output of lint-imports in the copy."""
    done = subprocess.run(
        [str(LINT_IMPORTS), "--no-cache", "--no-logo"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_product_keeps_every_contract(copy: Path) -> None:
    code, output = lint_imports(copy)

    assert code == 0, output
    assert "Contracts: 4 kept, 0 broken." in output


@pytest.mark.parametrize(
    ("contract", "planted"),
    [
        ("Packages import downwards only", {"kernel/planted.py": "import openiom.orders\n"}),
        (
            "Packages import downwards only",
            {"orchestration/planted.py": "import openiom.inventory_visibility\n"},
        ),
        (
            "Packages import downwards only",
            {"orders/planted.py": "import openiom.fulfillment_optimization\n"},
        ),
        ("Packages import downwards only", {"package_without_a_layer/__init__.py": ""}),
        (
            "Providers are independent",
            {
                "library/planted_one/__init__.py": "",
                "library/planted_two/__init__.py": "import openiom.library.planted_one\n",
            },
        ),
        (
            "No import cycles at any depth",
            {
                "orders/planted_one.py": "import openiom.orders.planted_two\n",
                "orders/planted_two.py": "import openiom.orders.planted_one\n",
            },
        ),
        ("Decisions and values do no I/O", {"returns/decisions.py": "import sqlalchemy\n"}),
        ("Decisions and values do no I/O", {"returns/decisions.py": "import openiom.platform\n"}),
        ("Decisions and values do no I/O", {"kernel/planted.py": "import httpx\n"}),
    ],
    ids=[
        "lower layer imports a higher one",
        "engine imports a business package",
        "packages of one layer",
        "package without a layer",
        "provider imports another provider",
        "cycle inside a package",
        "decision imports the database",
        "decision imports the platform",
        "kernel imports an HTTP client",
    ],
)
def test_a_planted_violation_breaks_its_contract(
    copy: Path, contract: str, planted: dict[str, str]
) -> None:
    for module, source in planted.items():
        plant(copy, module, source)

    code, output = lint_imports(copy)

    assert code == 1, output
    assert f"{contract} BROKEN" in output
