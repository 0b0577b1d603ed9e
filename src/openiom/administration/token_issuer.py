"""Access tokens for client programs, signed by this installation.

There are two steps, as clients of the public inventory service know them: client id and secret give
an *assertion*; the assertion and an environment give an *access token* that carries permissions.
Each is signed with a key of its own, derived from the signing keys of the installation, so neither
is accepted as the other. The keys that encrypt stored secrets sign nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from openiom.kernel import Forbidden, Unauthenticated
from openiom.platform.http import Principal
from openiom.platform.secrets import SigningKeys

ALGORITHM = "HS256"
ASSERTION_SECONDS = 3599
ACCESS_SECONDS = 3600
_ISSUER = "openiom"


@dataclass(frozen=True)
class TokenIssuer:
    """Signs tokens with the newest key and accepts those of every key.

    Access tokens are valid for `environment` only.
    """

    environment: str
    assertion_keys: Sequence[OctKey]
    access_keys: Sequence[OctKey]

    @classmethod
    def of(cls, signing: SigningKeys, *, environment: str) -> "TokenIssuer":
        """Return the issuer of an installation."""
        return cls(
            environment=environment,
            assertion_keys=_keys(signing, "client assertions"),
            access_keys=_keys(signing, "access tokens"),
        )

    def assertion(self, *, client_id: str, tenant: str, now: datetime) -> str:
        """Return an assertion of a client that has authenticated."""
        claims = {"sub": client_id, "tid": tenant}
        return _sign(self.assertion_keys, claims, now=now, seconds=ASSERTION_SECONDS)

    def client_of(self, assertion: str, *, now: datetime) -> str:
        """Return the client id of an assertion. Raise `Unauthenticated`."""
        return str(_verify(self.assertion_keys, assertion, now=now)["sub"])

    def access_token(
        self, *, client_id: str, name: str, permissions: Sequence[str], now: datetime
    ) -> str:
        """Return an access token with these permissions."""
        claims = {
            "sub": client_id,
            "name": name,
            "environment": self.environment,
            "permissions": sorted(permissions),
        }
        return _sign(self.access_keys, claims, now=now, seconds=ACCESS_SECONDS)

    def access(self, token: str, *, now: datetime) -> "Access":
        """Return what an access token grants, and to whom.

        Raise `Unauthenticated`, or `Forbidden` when the token is for another environment.
        """
        claims = _verify(self.access_keys, token, now=now)
        environment = claims["environment"]
        if environment != self.environment:
            raise Forbidden(
                f"this token is for the environment {environment}, not for {self.environment}",
                where="Authorization",
                remedy=f"request a token with the context {self.environment}",
            )

        principal = Principal(f"client {claims['name']}", frozenset(claims["permissions"]))
        return Access(principal, client_id=str(claims["sub"]), issued_at=int(claims["iat"]))


@dataclass(frozen=True, slots=True)
class Access:
    """The principal of an access token, its client, and when it was issued (Unix time)."""

    principal: Principal
    client_id: str
    issued_at: int


def looks_signed(token: str) -> bool:
    """Return whether this is a signed token, and neither a session token nor an API token."""
    return token.count(".") == 2


def _keys(signing: SigningKeys, purpose: str) -> list[OctKey]:
    return [OctKey.import_key(key) for key in signing.derive_keys(purpose)]


def _sign(keys: Sequence[OctKey], claims: dict[str, Any], *, now: datetime, seconds: int) -> str:
    expires_at = now + timedelta(seconds=seconds)
    signed = {
        **claims,
        "iss": _ISSUER,
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
    }
    return jwt.encode({"alg": ALGORITHM}, signed, keys[0], algorithms=[ALGORITHM])


def _verify(keys: Sequence[OctKey], token: str, *, now: datetime) -> dict[str, Any]:
    """Return the claims of a token that one of the keys signed and that has not expired."""
    for key in keys:
        try:
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            continue

        if claims["exp"] <= now.timestamp():
            raise Unauthenticated(
                "this token has expired", where="Authorization", remedy="request a new one"
            )

        return dict(claims)

    raise Unauthenticated(
        "this token was not issued here", where="Authorization", remedy="request a new one"
    )
