"""Encryption of stored secrets, and references to secrets.

A stored secret is `enc:<fernet token>`. A reference is `env:NAME` or `file:/path`; it is resolved
each time it is used, so a rotated secret needs no new deployment. No error and no log entry of this
module contains the value of a secret.
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from openiom.kernel import Invalid

MASK = "********"
KEY_FILE = "secret.key"
DERIVED_KEY_BYTES = 32
_ENCRYPTED = "enc:"


class Secrets:
    """Encrypts with the first of its keys and decrypts with any of them."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = tuple(keys)
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    @classmethod
    def from_settings(cls, *, keys: str, home: Path) -> "Secrets":
        """Return secrets with comma-separated keys, or with the one stored in `home`.

        The stored key is created when it is missing; only its owner can read it.
        """
        given = [key.strip() for key in keys.split(",") if key.strip()]
        return cls(given or [_stored_key(home / KEY_FILE)])

    def derive_keys(self, purpose: str) -> list[bytes]:
        """Return a key of 32 bytes for another purpose from each key, newest first.

        The derived keys do not reveal these keys.
        """
        return [_derive(key, purpose) for key in self._keys]

    def encrypt(self, value: str) -> str:
        """Return the form in which `value` is stored; references are stored as they are."""
        if is_reference(value) or value.startswith(_ENCRYPTED):
            return value
        return _ENCRYPTED + self._fernet.encrypt(value.encode()).decode()

    def reveal(self, stored: str, *, name: str = "secret") -> str:
        """Return the value of a stored secret or reference. Raise `Invalid` naming the field."""
        readers = {"env": _read_environment, "file": _read_file, "enc": self._decrypt}
        kind, _, rest = stored.partition(":")
        if kind not in readers:
            raise Invalid(
                "is neither encrypted nor a reference",
                where=name,
                remedy="enter the secret again",
            )

        return readers[kind](rest, name)

    def _decrypt(self, token: str, name: str) -> str:
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise Invalid(
                "was encrypted with a key that this installation does not have",
                where=name,
                remedy="restore OPENIOM_SECRET_KEYS or enter the secret again",
            ) from None


def is_reference(value: str) -> bool:
    """Return whether a stored secret is a reference."""
    return value.startswith(("env:", "file:"))


def mask_secrets(connection: Mapping[str, str], secret_fields: Collection[str]) -> dict[str, str]:
    """Return a connection for display, its secrets masked and its references shown."""
    shown: dict[str, str] = {}
    for field, value in connection.items():
        hidden = field in secret_fields and not is_reference(value)
        shown[field] = MASK if hidden else value
    return shown


def _stored_key(path: Path) -> str:
    """Return the key in a file, which one of the processes that start together creates."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        own_file = path.with_suffix(f".{os.getpid()}")
        own_file.touch(mode=0o600)
        own_file.write_text(Fernet.generate_key().decode())

        try:
            os.link(own_file, path)
        except FileExistsError:
            pass
        finally:
            own_file.unlink()

    return path.read_text().strip()


def _derive(key: str, purpose: str) -> bytes:
    info = f"openiom {purpose}".encode()
    derivation = HKDF(algorithm=SHA256(), length=DERIVED_KEY_BYTES, salt=None, info=info)
    return derivation.derive(key.encode())


def _read_environment(variable: str, name: str) -> str:
    if variable not in os.environ:
        raise Invalid(
            f"environment variable {variable} is not set", where=name, remedy="set it and retry"
        )
    return os.environ[variable]


def _read_file(path: str, name: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise Invalid(
            f"file {path} cannot be read: {error.strerror}",
            where=name,
            remedy="correct its path or permissions",
        ) from None
