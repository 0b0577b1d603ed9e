"""Secrets are encrypted or referenced, and their values are in no error."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from openiom.kernel import Invalid
from openiom.platform.secrets import MASK, Secrets, is_reference, mask_secrets

OLD = Fernet.generate_key().decode()
NEW = Fernet.generate_key().decode()


def test_a_secret_is_stored_encrypted() -> None:
    secrets = Secrets([NEW])

    stored = secrets.encrypt("hunter2")

    assert stored.startswith("enc:")
    assert "hunter2" not in stored
    assert secrets.reveal(stored) == "hunter2"
    assert secrets.encrypt("hunter2") != stored


@pytest.mark.parametrize("stored", ["env:NAME", "file:/path", "enc:abc"])
def test_references_and_encrypted_secrets_are_stored_as_they_are(stored: str) -> None:
    assert Secrets([NEW]).encrypt(stored) == stored


def test_a_secret_of_an_older_key_is_revealed_after_rotation() -> None:
    stored = Secrets([OLD]).encrypt("hunter2")

    assert Secrets([NEW, OLD]).reveal(stored) == "hunter2"
    with pytest.raises(Invalid) as refused:
        Secrets([NEW]).reveal(stored, name="token")
    assert refused.value.what == "was encrypted with a key that this installation does not have"
    assert refused.value.where == "token"
    assert refused.value.remedy == "restore OPENIOM_SECRET_KEYS or enter the secret again"


def test_new_secrets_use_the_newest_key() -> None:
    stored = Secrets([NEW, OLD]).encrypt("hunter2")

    assert Secrets([NEW]).reveal(stored) == "hunter2"


def test_a_file_is_read_each_time(tmp_path: Path) -> None:
    secrets = Secrets([NEW])
    file = tmp_path / "token"
    file.write_text("first\n")
    assert secrets.reveal(f"file:{file}") == "first"
    file.write_text("  rotated ")
    assert secrets.reveal(f"file:{file}") == "rotated"


def test_an_environment_variable_is_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_TOKEN", "first")
    assert Secrets([NEW]).reveal("env:STORE_TOKEN") == "first"
    monkeypatch.setenv("STORE_TOKEN", "second")
    assert Secrets([NEW]).reveal("env:STORE_TOKEN") == "second"


@pytest.mark.parametrize(
    ("stored", "what"),
    [
        ("env:NOT_SET_ANYWHERE", "environment variable NOT_SET_ANYWHERE is not set"),
        ("file:/nowhere/at/all", "file /nowhere/at/all cannot be read: No such file or directory"),
        ("plain text", "is neither encrypted nor a reference"),
        ("", "is neither encrypted nor a reference"),
        ("vault:abc", "is neither encrypted nor a reference"),
        ("enc:rubbish", "was encrypted with a key that this installation does not have"),
    ],
)
def test_an_error_names_the_field_and_not_the_value(stored: str, what: str) -> None:
    with pytest.raises(Invalid) as refused:
        Secrets([NEW]).reveal(stored, name="connection.token")

    assert refused.value.where == "connection.token"
    assert refused.value.what == what
    assert refused.value.remedy
    assert "plain text" not in str(refused.value)
    assert "rubbish" not in str(refused.value)


def test_a_masked_connection_shows_references_and_other_fields() -> None:
    connection = {"url": "http://shop", "token": "enc:abc", "key": "env:KEY", "file": "file:/x"}

    assert mask_secrets(connection, {"token", "key", "file"}) == {
        "url": "http://shop",
        "token": MASK,
        "key": "env:KEY",
        "file": "file:/x",
    }


@pytest.mark.parametrize(
    ("value", "reference"),
    [("env:A", True), ("file:/a", True), ("enc:a", False), ("environment", False), ("", False)],
)
def test_references_are_recognized(value: str, reference: bool) -> None:
    assert is_reference(value) is reference


def test_the_key_of_an_installation_is_created_once_for_its_owner(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    stored = Secrets.from_settings(keys="", home=home).encrypt("x")

    assert Secrets.from_settings(keys=" , ", home=home).reveal(stored) == "x"
    assert (home / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in home.iterdir()] == ["secret.key"]


def test_given_keys_are_used_instead_of_the_stored_one(tmp_path: Path) -> None:
    secrets = Secrets.from_settings(keys=f" {NEW} ,{OLD},", home=tmp_path)

    assert Secrets([NEW]).reveal(secrets.encrypt("x")) == "x"
    assert secrets.reveal(Secrets([OLD]).encrypt("y")) == "y"
    assert not (tmp_path / "secret.key").exists()


def test_derived_keys_differ_by_purpose_and_key_and_are_stable() -> None:
    secrets = Secrets([NEW, OLD])

    tokens = secrets.derive_keys("access tokens")

    assert tokens == secrets.derive_keys("access tokens")
    assert [len(key) for key in tokens] == [32, 32]
    assert tokens == [*Secrets([NEW]).derive_keys("access tokens"), tokens[1]]
    assert len({*tokens, *secrets.derive_keys("client assertions")}) == 4
    assert NEW.encode() not in tokens
