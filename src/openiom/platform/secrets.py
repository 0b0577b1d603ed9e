"""Encryption of stored secrets, references to secrets, and the keys that sign tokens.

A stored secret is `enc:<fernet token>`. A reference is `env:NAME` or `file:/path`; it is resolved
each time it is used, so a rotated secret needs no new deployment. Who may configure a provider may
send its secrets anywhere, so references are refused unless an operator has allowed them. No error
and no log entry of this module contains the value of a secret.
"""

import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from openiom.kernel import Invalid

MASK = "********"
KEY_FILE = "secret.key"
SIGNING_KEY_FILE = "signing.key"
DERIVED_KEY_BYTES = 32
LARGEST_SECRET_FILE = 65_536
OWN_VARIABLES = "OPENIOM_"
"""Variables with this prefix hold keys of the installation; no secret may refer to them."""
_ENCRYPTED = "enc:"


@dataclass(frozen=True, slots=True)
class AllowedReferences:
    """What secrets may refer to; nothing by default.

    variables  names of environment variables; one that ends in * allows every name it begins
    folder     files below this folder
    """

    variables: tuple[str, ...] = ()
    folder: Path | None = None

    @classmethod
    def from_settings(cls, *, variables: str, folder: Path | None) -> "AllowedReferences":
        """Return what comma-separated names and a folder allow."""
        return cls(tuple(_comma_separated(variables)), folder)

    def check(self, reference: str, *, name: str) -> None:
        """Raise `Invalid`, naming the field, unless this reference is allowed."""
        kind, _, target = reference.partition(":")
        if kind == "env" and not self._allows_variable(target):
            raise _forbidden_variable(target, where=name)
        if kind == "file" and not self._allows_file(Path(target)):
            raise _forbidden_file(target, where=name)

    def _allows_variable(self, variable: str) -> bool:
        if variable.startswith(OWN_VARIABLES):
            return False
        return any(_matches(variable, allowed) for allowed in self.variables)

    def _allows_file(self, path: Path) -> bool:
        """Return whether a path, with its links followed, is below the folder and no own key."""
        if self.folder is None:
            return False
        target = path.resolve()
        is_own_key = target.name in (KEY_FILE, SIGNING_KEY_FILE)
        return target.is_relative_to(self.folder.resolve()) and not is_own_key


def _forbidden_variable(variable: str, *, where: str) -> Invalid:
    return Invalid(
        f"may not refer to the environment variable {variable}",
        where=where,
        remedy="have an operator name it in OPENIOM_SECRET_VARIABLES, or enter the secret itself",
    )


def _forbidden_file(path: str, *, where: str) -> Invalid:
    return Invalid(
        f"may not refer to the file {path}",
        where=where,
        remedy="have an operator put it below OPENIOM_SECRET_FOLDER, or enter the secret itself",
    )


NO_REFERENCES = AllowedReferences()


class Secrets:
    """Encrypts with the first of its keys and decrypts with any of them."""

    def __init__(self, keys: list[str], references: AllowedReferences = NO_REFERENCES) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self.references = references

    @classmethod
    def from_settings(
        cls, *, keys: str, home: Path, references: AllowedReferences = NO_REFERENCES
    ) -> "Secrets":
        """Return secrets with comma-separated keys, or with the one stored in `home`.

        The stored key is created when it is missing; only its owner can read it.
        """
        return cls(_comma_separated(keys) or [_stored_key(home / KEY_FILE)], references)

    def encrypt(self, value: str) -> str:
        """Return the form in which `value` is stored; references are stored as they are."""
        if is_reference(value) or value.startswith(_ENCRYPTED):
            return value
        return _ENCRYPTED + self._fernet.encrypt(value.encode()).decode()

    def reveal(self, stored: str, *, name: str = "secret") -> str:
        """Return the value of a stored secret or reference. Raise `Invalid` naming the field."""
        if is_reference(stored):
            self.references.check(stored, name=name)

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


class SigningKeys:
    """The keys from which those of signed tokens are derived; they encrypt nothing."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def from_settings(cls, *, keys: str, home: Path) -> "SigningKeys":
        """Return comma-separated keys, or the one stored in `home`. See `Secrets`."""
        return cls(_comma_separated(keys) or [_stored_key(home / SIGNING_KEY_FILE)])

    def derive_keys(self, purpose: str) -> list[bytes]:
        """Return a key of 32 bytes for a purpose from each key, newest first.

        The derived keys do not reveal these keys.
        """
        return [_derive(key, purpose) for key in self._keys]


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
    """Return the content of a regular file; a pipe or a device could block or never end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_SECRET_FILE:
                raise Invalid(
                    f"{path} is not a file of at most {LARGEST_SECRET_FILE} bytes",
                    where=name,
                    remedy="correct its path",
                )

            return file.read(LARGEST_SECRET_FILE).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise Invalid(
            f"file {path} cannot be read: {reason}",
            where=name,
            remedy="correct its path or permissions",
        ) from None


def _comma_separated(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _matches(variable: str, allowed: str) -> bool:
    if allowed.endswith("*"):
        return variable.startswith(allowed.removesuffix("*"))
    return variable == allowed
