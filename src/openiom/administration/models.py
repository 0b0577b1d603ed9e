"""Tables of users, sessions, tokens and clients, and of the latest invariant results."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

SCHEMA = "administration"


class User(Base):
    """A person who signs in with an e-mail address and a password."""

    __tablename__ = "user"
    __table_args__ = (
        Index("uq_user_email", func.lower(text("email")), unique=True),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))


class BrowserSession(Base):
    """A browser session; only the hash of its token is stored."""

    __tablename__ = "session"
    __table_args__ = {"schema": SCHEMA}

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey(f"{SCHEMA}.user.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class ApiToken(Base):
    """A token for a program; only its hash is stored."""

    __tablename__ = "api_token"
    __table_args__ = {"schema": SCHEMA}

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_by: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Client(Base):
    """A client program of the token flow; only the argon2 hash of its secret is stored."""

    __tablename__ = "client"
    __table_args__ = {"schema": SCHEMA}

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    secret_hash: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_by: Mapped[str] = mapped_column(Text)


class ClientAuthFailure(Base):
    """Failed authentications in a row of a client or user (stored as a hash) from one address."""

    __tablename__ = "client_auth_failure"
    __table_args__ = {"schema": SCHEMA}

    client_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    address: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    failed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SavedView(Base):
    """The filters and the sort of a list that a principal has saved under a name."""

    __tablename__ = "saved_view"
    __table_args__ = {"schema": SCHEMA}

    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    list: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    parameters: Mapped[dict[str, str]] = mapped_column(JSONB)
    saved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class InvariantResult(Base):
    """The latest result of a query in `invariants/`; any `violations` break its promise."""

    __tablename__ = "invariant_result"
    __table_args__ = {"schema": SCHEMA}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    promise: Mapped[str] = mapped_column(Text)
    violations: Mapped[int] = mapped_column(Integer)
    rows: Mapped[list[Any]] = mapped_column(JSONB)
    seconds: Mapped[float] = mapped_column(Float)
    checked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
