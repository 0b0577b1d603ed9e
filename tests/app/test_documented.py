"""What a user can touch is documented, and nothing documented is made up."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from openiom.app.wiring import Product, build, known_events
from openiom.platform.database import Database
from openiom.platform.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def product(tmp_path: Path, empty_database: Database) -> Iterator[Product]:
    made = build(Settings(home=tmp_path), empty_database.url)
    yield made
    made.close()


def test_every_action_is_documented_and_every_documented_one_exists(product: Product) -> None:
    ours = set(product.actions)
    theirs = {f"{p.name}: {a.name}" for p in product.pipeline.catalog.values() for a in p.actions}
    headings = set(re.findall(r"^### (.+)$", (DOCS / "actions.md").read_text(), re.MULTILINE))
    assert headings == ours | theirs


def test_every_business_event_is_documented_and_every_documented_one_exists(product: Product) -> None:
    raised = {e for p in product.pipeline.catalog.values() for a in p.actions for e in (a.succeeded, a.failed)}
    raised |= {e for action in product.actions.values() for e in action.events}
    written = set(re.findall(r"`([a-z_]+\.[a-z_.]+)`", (DOCS / "events.md").read_text()))
    assert written == raised | set(known_events())


def test_every_provider_is_documented(product: Product) -> None:
    text = "".join(file.read_text() for file in (DOCS / "providers").glob("*.md"))
    assert [name for name in product.pipeline.catalog if f"`{name}`" not in text] == []
