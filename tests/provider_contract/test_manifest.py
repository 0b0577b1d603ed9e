"""Providers declared by a manifest: complete ones load, and errors name every fault."""

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from pydantic import BaseModel

from openiom.kernel import Invalid
from openiom.provider_contract import Provider, load_manifest, load_provider

NUMBERS = count()
MANIFEST = """
name = "acme"
title = "Acme"
category = "fulfillment"
description = "Sends fulfillment orders to Acme."
mappings = ["product"]
events = ["fulfillment_order.sent"]

[[messages]]
name = "update"
title = "Update"
document = "fulfillment_update"
polled = true

[[actions]]
name = "send"
title = "Send"
entity = "fulfillment_order"
succeeded = "fulfillment_order.sent"
failed = "fulfillment_order.send_failed"
batch = 50
"""
TRANSFORMATION = '{"source": "a", "target": "b", "fields": []}'


class Settings(BaseModel, extra="forbid"):
    """A connection or parameters without fields."""


class Connector:
    def probe(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Return a function that creates a provider package of files and returns its name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    names = []

    def make(manifest: str | None = MANIFEST, **transformations: str) -> str:
        name = f"planted_provider_{next(NUMBERS)}"
        folder = tmp_path / name
        (folder / "transformations").mkdir(parents=True)
        (folder / "__init__.py").touch()
        if manifest is not None:
            (folder / "manifest.toml").write_text(manifest)

        for file, content in transformations.items():
            (folder / "transformations" / f"{file}.json").write_text(content)

        names.append(name)
        return name

    yield make
    for name in names:
        sys.modules.pop(name, None)


def send(connector: object, calls: object) -> list[object]:
    return []


def load(name: str, *actions: str) -> Provider:
    return load_provider(
        name,
        connection=Settings,
        parameters=Settings,
        connect=lambda connection: Connector(),
        actions=dict.fromkeys(actions, send),
    )


def test_a_complete_folder_becomes_a_provider(package: Callable[..., str]) -> None:
    provider = load(package(update=TRANSFORMATION, send=TRANSFORMATION), "send")
    assert (provider.name, provider.title, provider.category) == ("acme", "Acme", "fulfillment")
    assert (provider.mappings, provider.events) == (("product",), ("fulfillment_order.sent",))
    [message] = provider.messages
    assert (message.name, message.document, message.polled) == (
        "update",
        "fulfillment_update",
        True,
    )
    [action] = provider.actions
    assert (action.name, action.batch, action.concurrency) == ("send", 50, 4)
    assert (action.timeout_seconds, action.max_attempts) == (120, 12)
    assert action.transformation == {"source": "a", "target": "b", "fields": []}
    assert action.run is send


def test_several_actions_may_share_a_transformation(package: Callable[..., str]) -> None:
    second = MANIFEST[MANIFEST.index("[[actions]]") :].replace('"send"', '"resend"')
    manifest = MANIFEST + second + 'transformation = "send"\n'
    provider = load(package(manifest, update=TRANSFORMATION, send=TRANSFORMATION), "send", "resend")
    first, other = provider.actions
    assert first.transformation == other.transformation


def test_a_missing_manifest_is_named(package: Callable[..., str]) -> None:
    with pytest.raises(Invalid, match="there is no manifest"):
        load_manifest(package(None))


def test_a_manifest_that_is_not_toml_is_refused(package: Callable[..., str]) -> None:
    with pytest.raises(Invalid, match="is not TOML"):
        load_manifest(package("name = "))


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('name = "acme"', 'name = "Acme Corp"', "name"),
        ('title = "Acme"', 'title = ""', "title"),
        ('category = "fulfillment"', 'category = "shoes"', "category"),
        ('description = "Sends fulfillment orders to Acme."', "", "description"),
        ("batch = 50", "batch = 0", "actions.0.batch"),
        ("batch = 50", "bulk = 50", "actions.0.bulk"),
        ('document = "fulfillment_update"', "", "messages.0.document"),
    ],
)
def test_every_fault_of_a_manifest_names_its_place(
    package: Callable[..., str], old: str, new: str, place: str
) -> None:
    assert old in MANIFEST
    with pytest.raises(Invalid) as error:
        load_manifest(package(MANIFEST.replace(old, new, 1)))
    [problem] = error.value.problems
    assert problem.where.endswith(f"manifest.toml: {place}")


def test_all_faults_of_a_manifest_are_reported_together(package: Callable[..., str]) -> None:
    manifest = MANIFEST.replace("batch = 50", "batch = 0").replace('title = "Acme"', "")
    with pytest.raises(Invalid) as error:
        load_manifest(package(manifest))
    assert len(error.value.problems) == 2


@pytest.mark.parametrize(
    ("functions", "difference"),
    [((), "send"), (("send", "cancel"), "cancel"), (("cancel",), "cancel, send")],
)
def test_actions_of_manifest_and_code_must_agree(
    package: Callable[..., str], functions: tuple[str, ...], difference: str
) -> None:
    name = package(update=TRANSFORMATION, send=TRANSFORMATION)
    with pytest.raises(Invalid, match=f"manifest and code differ: {difference}"):
        load(name, *functions)


@pytest.mark.parametrize(
    ("transformation", "message"),
    [
        (None, "there is no transformation update"),
        ("{", "is not JSON"),
        ("[]", "is not an object"),
    ],
)
def test_a_transformation_that_cannot_be_used_is_named(
    package: Callable[..., str], transformation: str | None, message: str
) -> None:
    files = {"send": TRANSFORMATION}
    if transformation is not None:
        files["update"] = transformation
    with pytest.raises(Invalid, match=message):
        load(package(**files), "send")
