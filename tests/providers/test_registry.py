"""Open instances: connectors, secrets, transformations, and the values of a connection."""

import pytest
from pydantic import BaseModel, SecretStr

from openiom.kernel import Invalid, NotFound
from openiom.provider_contract import Connection
from openiom.providers.registry import (
    compile_transformations,
    plain_values,
    secret_fields,
    transformation_bodies,
)


class Settings(BaseModel, extra="forbid"):
    url: str
    token: SecretStr
    optional: SecretStr | None = None
    retries: int = 3


def open_shop(harness):
    with harness.database.reading() as session:
        return harness.registry.open(session, "shop")


def test_an_instance_is_opened_once_until_its_document_changes(harness):
    harness.install()
    first = open_shop(harness)
    assert open_shop(harness) is first
    assert first.connector is first.connector
    assert len(harness.system.connections) == 1
    harness.install(title="Another title")
    second = open_shop(harness)
    assert (second is first, second.version, harness.system.closed) == (False, 2, 1)


def test_a_connector_receives_decrypted_secrets_and_defaults(harness, monkeypatch):
    monkeypatch.setenv("FAKE_API_KEY", "from the environment")
    harness.install(connection={"api_key": "env:FAKE_API_KEY"}, parameters={})
    open_shop(harness).connector.probe()
    [connection] = harness.system.connections
    assert isinstance(connection, Connection)
    assert connection.connection == {
        "url": "http://127.0.0.1",
        "api_key": "from the environment",
    }
    assert connection.parameters == {"greeting": "hello"}
    assert connection.instance == "shop"
    assert connection.callback_url == "http://127.0.0.1:8000/hooks/shop"


def test_without_a_public_url_there_is_no_callback_url(harness):
    harness.registry.public_url = ""
    harness.install()
    open_shop(harness).connector.probe()
    assert harness.system.connections[0].callback_url == ""


def test_closing_the_registry_closes_every_connector(harness):
    harness.install("shop")
    open_shop(harness).connector.probe()
    harness.registry.close()
    assert harness.system.closed == 1
    open_shop(harness).connector.probe()
    assert len(harness.system.connections) == 2


def test_an_unknown_provider_kind_or_action_is_not_found(harness):
    harness.install()
    opened = open_shop(harness)
    assert opened.message_kind("note").document == "note"
    assert opened.action("send").title == "Send a parcel"

    with pytest.raises(NotFound, match="Fake has no message kind rumor"):
        opened.message_kind("rumor")

    with pytest.raises(NotFound, match="Fake has no action fly"):
        opened.action("fly")

    with pytest.raises(NotFound, match="no provider 'other' in the library") as missing:
        harness.registry.provider("other")

    assert missing.value.remedy == "known: fake"


def test_secrets_are_found_by_their_type(harness):
    provider = harness.registry.provider("fake")
    assert secret_fields(provider) == {"api_key"}


def test_plain_values_have_defaults_and_secrets_as_text():
    values = {"url": "http://x", "token": "t", "optional": "o"}
    assert plain_values(Settings, values, "connection") == {
        "url": "http://x",
        "token": "t",
        "optional": "o",
        "retries": 3,
    }
    assert plain_values(Settings, {"url": "", "token": ""}, "c")["optional"] is None


def test_invalid_values_are_all_named_and_no_secret_is_shown():
    with pytest.raises(Invalid, match="the connection or its parameters are not valid") as invalid:
        plain_values(Settings, {"token": ["hidden"], "retries": "many"}, "shop, connection")

    places = [problem.where for problem in invalid.value.problems]
    assert places == [
        "shop, connection.url",
        "shop, connection.token",
        "shop, connection.retries",
    ]
    assert "hidden" not in str(invalid.value)


def test_transformations_of_an_instance_replace_those_of_the_provider(harness):
    provider = harness.registry.provider("fake")
    assert sorted(transformation_bodies(provider)) == [
        "action:send",
        "message:note",
        "message:orphan",
    ]
    own = {"source": "a", "target": "b", "fields": [{"path": "x", "expression": "'own'"}]}
    compiled = compile_transformations(provider, {"message:note": own})
    [result] = compiled["message:note"].transform_many([{}])
    assert result.document == {"x": "own"}
    assert compiled["message:orphan"].document.target == "note"


def test_a_transformation_that_does_not_compile_is_refused(harness):
    provider = harness.registry.provider("fake")
    broken = {"source": "a", "target": "b", "fields": [{"path": "x", "expression": "upper("}]}
    with pytest.raises(Invalid, match="the transformation does not compile"):
        compile_transformations(provider, {"message:note": broken})
