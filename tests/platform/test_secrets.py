"""A secret is encrypted or referenced, and its value never reaches an error."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from openiom.kernel import Invalid
from openiom.platform.secrets import MASK, Secrets, mask_secrets

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_a_sealed_secret_opens_with_an_older_key_after_rotation() -> None:
    sealed = Secrets([OLD]).encrypt("hunter2")
    assert "hunter2" not in sealed
    assert Secrets([NEW, OLD]).reveal(sealed) == "hunter2"
    with pytest.raises(Invalid, match="key this installation does not have"):
        Secrets([NEW]).reveal(sealed)


def test_references_are_resolved_when_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = Secrets([NEW])
    file = tmp_path / "token"
    file.write_text("first\n")
    assert secrets.reveal(secrets.encrypt(f"file:{file}")) == "first"
    file.write_text("rotated\n")
    assert secrets.reveal(f"file:{file}") == "rotated"
    monkeypatch.setenv("STORE_TOKEN", "from the environment")
    assert secrets.reveal("env:STORE_TOKEN") == "from the environment"


@pytest.mark.parametrize("stored", ["env:NOT_SET_ANYWHERE", "file:/nowhere/at/all", "plain text"])
def test_what_cannot_be_opened_names_the_field_and_never_the_value(stored: str) -> None:
    with pytest.raises(Invalid) as error:
        Secrets([NEW]).reveal(stored, name="connection.token")
    assert str(error.value).startswith("connection.token: ")
    assert "plain text" not in str(error.value)


def test_a_masked_connection_shows_references_and_hides_values() -> None:
    connection = {"url": "http://shop", "token": "enc:abc", "key": "env:KEY"}
    assert mask_secrets(connection, {"token", "key"}) == {
        "url": "http://shop",
        "token": MASK,
        "key": "env:KEY",
    }


def test_the_installations_own_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    sealed = Secrets.from_settings(keys="", home=tmp_path).encrypt("x")
    assert Secrets.from_settings(keys="", home=tmp_path).reveal(sealed) == "x"
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
