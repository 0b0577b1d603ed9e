"""Secrets are encrypted or referenced, and their values are in no error."""

import os
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from openiom.kernel import Invalid
from openiom.platform.secrets import (
    MASK,
    AllowedReferences,
    Secrets,
    SigningKeys,
    is_reference,
    mask_secrets,
)

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


def allowing(variables: str = "", folder: Path | None = None) -> Secrets:
    return Secrets([NEW], AllowedReferences.from_settings(variables=variables, folder=folder))


def refusal(secrets: Secrets, reference: str) -> str:
    """Return why a reference is not resolved."""
    with pytest.raises(Invalid) as refused:
        secrets.reveal(reference, name="connection.token")
    assert refused.value.where == "connection.token"
    return refused.value.what


def test_a_file_is_read_each_time(tmp_path: Path) -> None:
    secrets = allowing(folder=tmp_path)
    file = tmp_path / "token"
    file.write_text("first\n")
    assert secrets.reveal(f"file:{file}") == "first"
    file.write_text("  rotated ")
    assert secrets.reveal(f"file:{file}") == "rotated"


def test_an_environment_variable_is_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_TOKEN", "first")
    secrets = allowing("STORE_TOKEN")
    assert secrets.reveal("env:STORE_TOKEN") == "first"
    monkeypatch.setenv("STORE_TOKEN", "second")
    assert secrets.reveal("env:STORE_TOKEN") == "second"


def test_no_reference_is_allowed_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_TOKEN", "hunter2")
    (tmp_path / "token").write_text("hunter2")
    secrets = Secrets.from_settings(keys=NEW, home=tmp_path)

    assert refusal(secrets, "env:STORE_TOKEN") == (
        "may not refer to the environment variable STORE_TOKEN"
    )
    assert refusal(secrets, f"file:{tmp_path}/token") == (
        f"may not refer to the file {tmp_path}/token"
    )


@pytest.mark.parametrize(
    ("variable", "allowed"),
    [
        ("SHOP_TOKEN", True),
        ("SHOP_", True),
        ("PIN", True),
        ("PIN_2", False),
        ("MY_SHOP_TOKEN", False),
        ("OPENIOM_SECRET_KEYS", False),
        ("OPENIOM_DATABASE_URL", False),
        ("", False),
    ],
)
def test_only_named_variables_are_read_and_never_our_own(
    monkeypatch: pytest.MonkeyPatch, variable: str, allowed: bool
) -> None:
    if variable:
        monkeypatch.setenv(variable, "hunter2")
    secrets = allowing(" SHOP_* , PIN, OPENIOM_*")

    if allowed:
        assert secrets.reveal(f"env:{variable}") == "hunter2"
    else:
        assert refusal(secrets, f"env:{variable}").startswith("may not refer to the environment")


def test_only_regular_files_below_the_folder_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "token").write_text("hunter2\n")
    (folder / "linked").symlink_to(folder / "sub" / "token")
    (tmp_path / "outside").write_text("not yours")
    (folder / "link").symlink_to(tmp_path / "outside")
    (folder / "signing.key").write_text("not yours")
    secrets = allowing(folder=folder)

    assert secrets.reveal(f"file:{folder}/sub/token") == "hunter2"
    assert secrets.reveal(f"file:{folder}/linked") == "hunter2"
    for path in ("../outside", "link", "signing.key"):
        assert refusal(secrets, f"file:{folder}/{path}").startswith("may not refer to the file")
    assert refusal(allowing(folder=folder), "file:/dev/zero").startswith("may not refer")


def test_a_pipe_or_a_large_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 65_537)
    (tmp_path / "most").write_bytes(b"x" * 65_536)
    (tmp_path / "binary").write_bytes(b"\xff")
    secrets = allowing(folder=tmp_path)

    for name in ("pipe", "large"):
        what = f"{tmp_path}/{name} is not a file of at most 65536 bytes"
        assert refusal(secrets, f"file:{tmp_path}/{name}") == what
    assert len(secrets.reveal(f"file:{tmp_path}/most")) == 65_536
    assert refusal(secrets, f"file:{tmp_path}/binary").endswith("cannot be read: it is not text")


@pytest.mark.parametrize(
    ("stored", "what"),
    [
        ("env:NOT_SET_ANYWHERE", "environment variable NOT_SET_ANYWHERE is not set"),
        ("file:/nowhere/at/all", "file /nowhere/at/all cannot be read: No such file or directory"),
        ("file:/etc/passwd", "may not refer to the file /etc/passwd"),
        ("plain text", "is neither encrypted nor a reference"),
        ("", "is neither encrypted nor a reference"),
        ("vault:abc", "is neither encrypted nor a reference"),
        ("enc:rubbish", "was encrypted with a key that this installation does not have"),
    ],
)
def test_an_error_names_the_field_and_not_the_value(stored: str, what: str) -> None:
    with pytest.raises(Invalid) as refused:
        allowing("NOT_SET_*", Path("/nowhere")).reveal(stored, name="connection.token")

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
    signing = SigningKeys([NEW, OLD])

    tokens = signing.derive_keys("access tokens")

    assert tokens == signing.derive_keys("access tokens")
    assert [len(key) for key in tokens] == [32, 32]
    assert tokens == [*SigningKeys([NEW]).derive_keys("access tokens"), tokens[1]]
    assert len({*tokens, *signing.derive_keys("client assertions")}) == 4


def test_the_signing_key_is_another_one_than_the_secret_key(tmp_path: Path) -> None:
    Secrets.from_settings(keys="", home=tmp_path)
    first = SigningKeys.from_settings(keys="", home=tmp_path).derive_keys("access tokens")

    assert SigningKeys.from_settings(keys=",", home=tmp_path).derive_keys("access tokens") == first
    secret_key = (tmp_path / "secret.key").read_text()
    assert SigningKeys([secret_key]).derive_keys("access tokens") != first
    assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600
    given = SigningKeys.from_settings(keys="given, older", home=tmp_path)
    assert len(given.derive_keys("access tokens")) == 2
