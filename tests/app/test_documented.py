"""What a user can touch is documented, and nothing documented is made up."""

import re
from pathlib import Path

from openiom.app.application import Application, known_events

DOCS = Path(__file__).parents[2] / "docs"


def test_every_action_is_documented_and_every_documented_one_exists(
    application: Application,
) -> None:
    ours = set(application.actions)
    theirs = {
        f"{p.name}: {a.name}" for p in application.registry.catalog.values() for a in p.actions
    }
    headings = set(re.findall(r"^### (.+)$", (DOCS / "actions.md").read_text(), re.MULTILINE))
    assert headings == ours | theirs


def test_every_business_event_is_documented_and_every_documented_one_exists(
    application: Application,
) -> None:
    raised = {
        e
        for p in application.registry.catalog.values()
        for a in p.actions
        for e in (a.succeeded, a.failed)
    }
    raised |= {e for action in application.actions.values() for e in action.events}
    written = set(re.findall(r"`([a-z_]+\.[a-z_.]+)`", (DOCS / "events.md").read_text()))
    assert written == raised | set(known_events())


def test_every_provider_is_documented(application: Application) -> None:
    text = "".join(file.read_text() for file in (DOCS / "providers").glob("*.md"))
    assert [name for name in application.registry.catalog if f"`{name}`" not in text] == []
