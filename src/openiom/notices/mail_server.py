"""The document of kind `mail_server`: where and as whom notices are sent."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import IomError, Problem
from openiom.platform.configuration import DocumentKind, current_documents
from openiom.platform.secrets import MASK, Secrets, is_reference

KIND, NAME = "mail_server", "default"
ADDRESS = r"^[^\s@<>,;:\"()\\\[\]]+@[^\s@<>,;:\"()\\\[\]]+$"
"""What an e-mail address looks like, without a name and without control characters."""


class MailServerBody(BaseModel):
    """The mail server. Without this document nothing is sent."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9.:-]+$")
    port: int = Field(587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`none` only for a server on a trusted network"
    )
    username: str = Field("", max_length=200)
    password: str = Field("", description="A secret, or a reference to one")
    sender_name: str = Field("", max_length=100, pattern=r"^[^\r\n]*$")
    sender_address: str = Field(max_length=254, pattern=ADDRESS)
    reply_to: str = Field("", max_length=254, pattern=f"{ADDRESS}|^$")
    timeout_seconds: int = Field(15, ge=1, le=60)
    link_days: int = Field(90, ge=1, le=730, description="Days for which links in notices work")


def mail_server_kind(secrets: Secrets) -> DocumentKind:
    """Return the kind of the mail server, whose password is encrypted with `secrets`."""
    return DocumentKind(
        KIND,
        MailServerBody,
        61,
        check=partial(_check, secrets),
        encrypt=partial(_encrypt, secrets),
        redact=_redact,
    )


def mail_server(session: Session) -> MailServerBody | None:
    """Return the mail server in use; None when none is configured."""
    documents = current_documents(session, KIND, names=[NAME])
    return MailServerBody.model_validate(documents[0].body) if documents else None


def _check(secrets: Secrets, session: Session, name: str, body: dict[str, Any]) -> list[Problem]:
    if name != NAME:
        return [Problem("name", "there is only one mail server", f"name it {NAME}")]

    password = str(body.get("password", ""))
    if password == MASK:
        return [Problem("password", "the connection has changed", "enter the password again")]
    return list(_reference_problems(secrets, password))


def _reference_problems(secrets: Secrets, password: str) -> Sequence[Problem]:
    if not is_reference(password):
        return []
    try:
        secrets.references.check(password, name="password")
    except IomError as error:
        return [Problem("password", str(error), error.remedy)]
    return []


def _encrypt(
    secrets: Secrets, body: dict[str, Any], stored: dict[str, Any] | None
) -> dict[str, Any]:
    """Return a body with an encrypted password.

    A masked password stays as it is stored; once the host, the port, the security or the user has
    changed, it stays masked and is refused: it could be sent to another server.
    """
    password = str(body.get("password", ""))
    if password == MASK and stored and _connection(body) == _connection(stored):
        return {**body, "password": stored.get("password", "")}
    if password in ("", MASK):
        return body
    return {**body, "password": secrets.encrypt(password)}


def _connection(body: dict[str, Any]) -> tuple[object, ...]:
    return (
        body.get("host"),
        body.get("port", 587),
        body.get("security", "starttls"),
        body.get("username", ""),
    )


def _redact(body: dict[str, Any]) -> dict[str, Any]:
    password = str(body.get("password", ""))
    shown = password if is_reference(password) or not password else MASK
    return {**body, "password": shown}
