"""The recipes of CONTRIBUTING.md are applied literally to a copy of the source code and run."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
GOLDEN_ORDER = PROJECT / "tests/library/bigcommerce/golden/message.order.json"
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text("utf-8")
BLOCK = re.compile(
    r"^```(?P<language>python|diff)\n# (?P<file>\S+)\n(?P<body>.*?)^```$", re.M | re.S
)
RECIPES = {
    "A provider",
    "An order state",
    "A hold reason",
    "A column of the orders list",
    "A sourcing constraint",
    "A step kind",
    "A metric",
    "The retry policy",
    "A field of the BigCommerce mapping",
    "A CLI command",
}


@dataclass(frozen=True)
class Change:
    """A code block of a recipe: a new file, or the hunks of a changed one."""

    file: str
    language: str
    body: str

    def apply(self, root: Path) -> None:
        """Apply the change below a folder; every hunk must match exactly one place."""
        target = root / self.file
        if self.language == "python":
            assert not target.exists()
            target.write_text(self.body, "utf-8")
            return

        text = target.read_text("utf-8")
        for hunk in self.body.split("@@\n"):
            lines = hunk.splitlines(keepends=True)
            before = "".join([line[1:] or line for line in lines if not line.startswith("+")])
            after = "".join([line[1:] or line for line in lines if not line.startswith("-")])
            assert text.count(before) == 1, f"{self.file} does not contain once:\n{before}"
            text = text.replace(before, after)

        target.write_text(text, "utf-8")


def sections() -> dict[str, str]:
    """Return the recipes of CONTRIBUTING.md by title."""
    recipes = CONTRIBUTING.partition("\n## Recipes\n")[2].partition("\n## Conventions\n")[0]
    parts = re.split(r"^### (.+)$", recipes, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def changes(title: str) -> list[Change]:
    """Return the code blocks of a recipe that name a file."""
    found = []
    for match in BLOCK.finditer(sections()[title]):
        found.append(Change(match["file"], match["language"], match["body"]))
    return found


def follow(title: str, root: Path) -> Path:
    """Apply a recipe to a copy of the source code below `root`; return the folder to import."""
    shutil.copytree(
        PROJECT / "src",
        root / "src",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    blocks = changes(title)
    assert blocks

    for change in blocks:
        change.apply(root)

    return root / "src"


def run(source: Path, arguments: Sequence[str]) -> str:
    """Run Python with the changed source code; return what it prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_recipe_names_its_test_and_its_documentation() -> None:
    assert set(sections()) >= RECIPES
    for title in RECIPES:
        assert "*Test:*" in sections()[title], title
        assert "*Documentation:*" in sections()[title], title


@pytest.mark.parametrize("title", sorted(RECIPES))
def test_files_that_a_recipe_names_exist(title: str) -> None:
    for name in re.findall(r"`((?:src|tests|docs|ui|benchmarks)/[\w./-]+)`", sections()[title]):
        if "acme_store" not in name:
            assert (PROJECT / name).exists(), name


@pytest.mark.parametrize("title", sorted(RECIPES))
def test_a_recipe_changes_one_place(title: str) -> None:
    files = {change.file for change in changes(title)}
    assert len(files) <= 1


def test_the_recipe_of_a_column_adds_it_to_the_rows_and_to_the_list(tmp_path: Path) -> None:
    source = follow("A column of the orders list", tmp_path)
    code = """
from openiom.orders import ORDER_COLUMN_TITLES
from openiom.orders.list_columns import select_list
from openiom.orders.schemas import OrderRow
print(ORDER_COLUMN_TITLES["ship_to_postal_code"])
print([line for line in select_list(OrderRow).splitlines() if "postal_code" in line])
"""
    assert run(source, ["-c", code]).splitlines() == [
        "Postal code",
        """["coalesce(o.ship_to->>'postal_code', '') AS ship_to_postal_code,"]""",
    ]


def test_the_recipe_of_a_sourcing_constraint_registers_the_kind(tmp_path: Path) -> None:
    source = follow("A sourcing constraint", tmp_path)
    code = """
from openiom.fulfillment_optimization.constraints import ConstraintBody, constraint_kinds
[kind] = [kind for kind in constraint_kinds() if kind.kind == "minimum_stock"]
print(kind.title, "|", kind.description)
print(sorted(kind.property_schema["required"]))
body = {"type": "minimum_stock", "title": "At least five", "units": 5}
print(type(ConstraintBody.model_validate(body).root).__name__)
"""
    assert run(source, ["-c", code]).splitlines() == [
        "Minimum stock | A source with fewer units of a product than the minimum"
        " does not serve the product.",
        "['title', 'units']",
        "MinimumStock",
    ]


def test_the_recipe_of_a_command_adds_it_with_its_help(tmp_path: Path) -> None:
    source = follow("A CLI command", tmp_path)
    shown = run(source, ["-m", "openiom.app.cli", "order", "ids", "--help"])
    assert "Print the ids of the orders with a number." in shown
    assert "Example: iom order ids 100" in shown


def test_the_recipe_of_a_metric_exports_it(tmp_path: Path) -> None:
    source = follow("A metric", tmp_path)
    code = """
from openiom.app import metrics
[metric] = [metric for metric in metrics.METRICS if metric.name == "known_jobs"]
print(metrics._gauge(metric, [metrics.Sample(3)]).samples[0][:3])
"""
    assert run(source, ["-c", code]) == "('openiom_known_jobs', {}, 3)\n"


def test_the_recipe_of_an_order_state_adds_it_to_the_table(tmp_path: Path) -> None:
    source = follow("An order state", tmp_path)
    code = """
from openiom.orders import ORDER_TABLE
from openiom.state_framework import advance
print([state.name for state in ORDER_TABLE.timeline()][:4])
print(advance(ORDER_TABLE, event="order.header_validation.failed", state="new").state)
print(advance(ORDER_TABLE, event="order.canceled", state="in_review").state)
"""
    assert run(source, ["-c", code]).splitlines() == [
        "['new', 'on_hold', 'in_review', 'in_progress']",
        "in_review",
        "canceled",
    ]


def test_the_recipe_of_a_hold_reason_lets_callers_choose_it(tmp_path: Path) -> None:
    source = follow("A hold reason", tmp_path)
    code = """
from openiom.orders import ORDER_TABLE
from openiom.state_framework import advance
for reason in (None, "Fraud review"):
    print(advance(ORDER_TABLE, event="order.hold_placed", state="new", reason=reason).reason)
"""
    assert run(source, ["-c", code]).splitlines() == ["Manual hold", "Fraud review"]


def test_the_recipe_of_the_retry_policy_changes_the_first_delay(tmp_path: Path) -> None:
    source = follow("The retry policy", tmp_path)
    code = """
from dataclasses import replace
from openiom.platform.retry import OUTBOUND_RETRY
policy = replace(OUTBOUND_RETRY, jitter=0.0)
print([policy.delay(failures) for failures in (1, 2, 20)])
"""
    assert run(source, ["-c", code]) == "[5.0, 10.0, 900.0]\n"


def test_the_recipe_of_a_bigcommerce_field_maps_it(tmp_path: Path) -> None:
    source = follow("A field of the BigCommerce mapping", tmp_path)
    code = f"""
from pathlib import Path
import orjson
from openiom.library.bigcommerce import PROVIDER
from openiom.policies import Transformation, TransformationDocument
golden = orjson.loads(Path({str(GOLDEN_ORDER)!r}).read_bytes())
[kind] = [kind for kind in PROVIDER.messages if kind.name == "order"]
transformation = Transformation(TransformationDocument.model_validate(kind.transformation))
for source in ("manual", "www"):
    [result] = transformation.transform_many([{{**golden["given"], "order_source": source}}])
    print(result.document["order_type"])
"""
    assert run(source, ["-c", code]).splitlines() == ["phone_order", "sales_order"]
