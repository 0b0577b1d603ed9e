"""Installed instances: their problems, their secrets, and their read model."""

import pytest
from tests.providers.fake_provider import ProviderHarness

from openiom.kernel import Invalid, Problem
from openiom.platform.clock import utc_now
from openiom.platform.secrets import MASK
from openiom.providers.instances import encrypt_connection, instance_problems


def body(**changes: object) -> dict[str, object]:
    return {"provider": "fake", "title": "Shop", "connection": {"api_key": "s3cret"}, **changes}


def problems(harness: ProviderHarness, **changes: object) -> list[Problem]:
    return instance_problems(harness.registry, body(**changes))


def test_a_complete_instance_has_no_problems(harness):
    assert problems(harness) == []


def test_an_unknown_provider_is_reported_with_the_known_ones(harness):
    [problem] = problems(harness, provider="other")
    assert problem == Problem("provider", "no provider 'other' in the library", "known: fake")


def test_every_problem_is_reported_at_once(harness):
    found = problems(
        harness,
        connection={"api_key": MASK, "color": "red"},
        parameters={"greeting": 1},
        transformations={"message:rumor": {}, "action:send": {"source": "a", "target": "b"}},
    )
    assert [problem.where for problem in found[:4]] == [
        "connection.api_key",
        "transformations.message:rumor",
        "connection.color",
        "parameters.greeting",
    ]
    assert len(found) == 5
    assert found[1].remedy == "use one of action:send, message:note, message:orphan"


def test_a_new_secret_is_encrypted_and_a_repeated_one_keeps_its_text(harness):
    registry = harness.registry
    first = encrypt_connection(registry, body(), None)
    stored = first["connection"]["api_key"]
    assert registry.secrets.reveal(stored) == "s3cret"

    for repeated in ("s3cret", MASK):
        given = body(connection={"api_key": repeated})
        assert encrypt_connection(registry, given, first) == first

    changed = encrypt_connection(registry, body(connection={"api_key": "new"}), first)
    assert registry.secrets.reveal(changed["connection"]["api_key"]) == "new"


def test_a_masked_secret_is_not_sent_to_another_address(harness):
    registry = harness.registry
    stored = encrypt_connection(
        registry, body(connection={"url": "https://shop.example", "api_key": "s3cret"}), None
    )
    moved = body(connection={"url": "https://evil.example", "api_key": MASK})

    encrypted = encrypt_connection(registry, moved, stored)

    assert encrypted["connection"]["api_key"] == MASK
    [problem] = instance_problems(registry, encrypted)
    assert problem == Problem(
        "connection.api_key",
        "is masked, and nothing is stored for it at this address",
        "enter the secret",
    )
    again = body(connection={"url": "https://evil.example", "api_key": "s3cret"})
    kept = encrypt_connection(registry, again, stored)
    assert registry.secrets.reveal(kept["connection"]["api_key"]) == "s3cret"


def test_a_refused_move_keeps_the_stored_document(harness):
    harness.install(connection={"url": "https://shop.example", "api_key": "s3cret"})

    with pytest.raises(Invalid, match="nothing is stored for it at this address"):
        harness.install(connection={"url": "https://evil.example", "api_key": MASK})

    query = "SELECT body->'connection'->>'url' FROM platform.configuration_document"
    assert harness.rows(query) == [("https://shop.example",)]


@pytest.mark.parametrize("reference", ["env:PATH", "env:OPENIOM_SECRET_KEYS", "file:/etc/hostname"])
def test_a_reference_that_no_operator_allows_is_refused_when_it_is_entered(harness, reference):
    [problem] = problems(harness, connection={"api_key": reference})

    assert problem.where == "connection.api_key"
    assert problem.what.startswith("may not refer to the ")


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("https://shop.example/flow?sig=s3cret", "the address contains a query or a fragment"),
        ("https://ann:s3cret@shop.example", "the address contains a user name or password"),
        ("gopher://shop.example", "'gopher://shop.example' is not an http or https address"),
    ],
)
def test_an_address_that_contains_a_secret_is_refused(harness, url, what):
    [problem] = problems(harness, connection={"api_key": "x", "url": url})

    assert (problem.where, problem.what) == ("connection.url", what)


def test_a_secret_is_stored_without_the_blanks_of_pasting(harness):
    pasted = body(connection={"api_key": " s3cret\n"})
    stored = encrypt_connection(harness.registry, pasted, None)["connection"]["api_key"]

    assert harness.registry.secrets.reveal(stored) == "s3cret"


def test_an_empty_or_masked_secret_without_a_stored_one_is_not_encrypted(harness):
    for value in ("", MASK):
        given = body(connection={"api_key": value})
        encrypted = encrypt_connection(harness.registry, given, None)
        assert encrypted["connection"] == {"api_key": value}


def test_a_reference_replaces_a_stored_secret_and_is_kept(harness):
    registry = harness.registry
    first = encrypt_connection(registry, body(), None)
    reference = body(connection={"api_key": "env:SHOP_KEY"})
    second = encrypt_connection(registry, reference, first)
    assert second["connection"]["api_key"].startswith("env:SHOP_KEY")
    assert encrypt_connection(registry, reference, second) == second


def test_the_body_of_an_unknown_provider_is_left_unchanged(harness):
    given = body(provider="other")
    assert encrypt_connection(harness.registry, given, None) is given


def test_other_fields_of_a_connection_are_not_encrypted(harness):
    given = body(connection={"url": "http://x", "api_key": "s3cret"})
    encrypted = encrypt_connection(harness.registry, given, None)
    assert encrypted["connection"]["url"] == "http://x"
    assert given["connection"]["api_key"] == "s3cret"


def test_the_read_model_follows_the_document(harness):
    harness.install(poll_seconds=60, mapping_group="europe")
    columns = "version, provider, title, mapping_group, active, poll_seconds, state"
    query = f"SELECT {columns} FROM providers.provider_instance"
    assert harness.rows(query) == [(1, "fake", "Shop", "europe", True, 60, "untested")]
    harness.install(active=False)
    assert harness.rows(query) == [(2, "fake", "Shop", "", False, None, "untested")]


def test_a_deleted_instance_leaves_the_read_model(harness):
    harness.install("shop")
    harness.install("outlet")
    with harness.database.unit_of_work() as session:
        documents = [("provider_instance", "shop")]
        harness.configuration.remove(session, documents, at=utc_now(), actor="tester")
    assert harness.rows("SELECT name FROM providers.provider_instance") == [("outlet",)]


@pytest.mark.parametrize("seconds", [0, 86_401])
def test_the_poll_interval_has_bounds(harness, seconds):
    with pytest.raises(Exception, match="poll_seconds"):
        harness.install(poll_seconds=seconds)
