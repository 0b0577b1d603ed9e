"""
Secrets at rest and references to secrets.

A stored secret is `enc:<fernet token>`; a reference is `env:NAME` or `file:/path` and is resolved when it is
used, so a rotated key needs no redeploy. Nothing here ever puts a value into an error or a log.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from openiom.kernel import Invalid

MASK = "********"


class Secrets:
    """Encrypts with the newest key and decrypts with any of them."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = tuple(keys)
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    @classmethod
    def from_settings(cls, *, keys: str, home: Path) -> "Secrets":
        """Keys as given, else the one kept in `home`/secret.key (made on first use, readable by its owner)."""
        if keys:
            return cls([key.strip() for key in keys.split(",") if key.strip()])
        path = home / "secret.key"
        if not path.exists():
            home.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_text(Fernet.generate_key().decode())
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return cls([path.read_text().strip()])

    def derive_keys(self, purpose: str) -> list[bytes]:
        """Keys of 32 bytes for another `purpose` (such as signing), newest first; they say nothing of these keys."""
        return [
            HKDF(
                algorithm=SHA256(), length=32, salt=None, info=f"openiom {purpose}".encode()
            ).derive(key.encode())
            for key in self._keys
        ]

    def encrypt(self, value: str) -> str:
        """How `value` is stored: references stay as they are, plain text is encrypted."""
        if is_reference(value) or value.startswith("enc:"):
            return value
        return "enc:" + self._fernet.encrypt(value.encode()).decode()

    def reveal(self, stored: str, *, name: str = "secret") -> str:
        """The value behind `stored`. Raises Invalid naming the field, never the value."""
        kind, _, rest = stored.partition(":")
        if kind == "env":
            if rest not in os.environ:
                raise Invalid(
                    f"environment variable {rest} is not set", where=name, remedy="set it and retry"
                )
            return os.environ[rest]
        if kind == "file":
            try:
                return Path(rest).read_text().strip()
            except OSError as error:
                raise Invalid(
                    f"file {rest} cannot be read: {error.strerror}",
                    where=name,
                    remedy="fix its path or rights",
                ) from None
        if kind != "enc":
            raise Invalid(
                "is neither encrypted nor a reference", where=name, remedy="enter it again"
            )
        try:
            return self._fernet.decrypt(rest.encode()).decode()
        except InvalidToken:
            raise Invalid(
                "was encrypted with a key this installation does not have",
                where=name,
                remedy="restore OPENIOM_SECRET_KEYS or enter the secret again",
            ) from None


def is_reference(value: str) -> bool:
    return value.startswith(("env:", "file:"))


def mask_secrets(connection: Mapping[str, str], secret_fields: set[str]) -> dict[str, str]:
    """A connection as anybody may see it: secrets masked, references shown."""
    return {
        key: value if key not in secret_fields or is_reference(value) else MASK
        for key, value in connection.items()
    }
