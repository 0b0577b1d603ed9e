"""
Bearer tokens of an hour for client programs, signed by this installation.

Two steps, as clients of the public inventory service know them: client id and secret give an *assertion*, the
assertion and an environment give an *access token* that carries permissions. Each is signed with a key of its own,
derived from the keys that protect secrets at rest, so neither passes for the other and nothing more has to be kept.
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
from openiom.platform.secrets import Secrets

ALGORITHM = "HS256"
ASSERTION_SECONDS, ACCESS_SECONDS = 3599, 3600
_ISSUER = "openiom"


@dataclass(frozen=True)
class TokenIssuer:
    """Signs with the newest key and believes any of them; `environment` is the one its access tokens are good for."""

    environment: str
    assertion_keys: Sequence[OctKey]
    access_keys: Sequence[OctKey]

    @classmethod
    def of(cls, secrets: Secrets, *, environment: str) -> "TokenIssuer":
        def keys(purpose: str) -> list[OctKey]:
            return [OctKey.import_key(key) for key in secrets.derive_keys(purpose)]

        return cls(environment, keys("client assertions"), keys("access tokens"))

    def assertion(self, *, client_id: str, tenant: str, now: datetime) -> str:
        claims = {"sub": client_id, "tid": tenant}
        return _sign(self.assertion_keys, claims, now=now, seconds=ASSERTION_SECONDS)

    def client_of(self, assertion: str, *, now: datetime) -> str:
        """The client id an assertion speaks for. Raises Unauthenticated."""
        return str(_read(self.assertion_keys, assertion, now=now)["sub"])

    def access_token(
        self, *, client_id: str, name: str, permissions: Sequence[str], now: datetime
    ) -> str:
        claims = {
            "sub": client_id,
            "name": name,
            "environment": self.environment,
            "permissions": sorted(permissions),
        }
        return _sign(self.access_keys, claims, now=now, seconds=ACCESS_SECONDS)

    def principal(self, token: str, *, now: datetime) -> Principal:
        """Who sends this access token. Raises Unauthenticated, or Forbidden when it is another environment's."""
        claims = _read(self.access_keys, token, now=now)
        if claims["environment"] != self.environment:
            raise Forbidden(
                f"this token is for the environment {claims['environment']}, not for {self.environment}",
                where="Authorization",
                remedy=f"ask for a token with the context {self.environment}",
            )
        return Principal(f"client {claims['name']}", frozenset(claims["permissions"]))


def looks_signed(token: str) -> bool:
    """Whether this is a signed token, and neither a session nor an API token."""
    return token.count(".") == 2


def _sign(keys: Sequence[OctKey], claims: dict[str, Any], *, now: datetime, seconds: int) -> str:
    until = now + timedelta(seconds=seconds)
    stamped = {**claims, "iss": _ISSUER, "iat": int(now.timestamp()), "exp": int(until.timestamp())}
    return jwt.encode({"alg": ALGORITHM}, stamped, keys[0], algorithms=[ALGORITHM])


def _read(keys: Sequence[OctKey], token: str, *, now: datetime) -> dict[str, Any]:
    for key in keys:
        try:
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            continue
        if claims["exp"] <= now.timestamp():
            raise Unauthenticated(
                "this token has expired", where="Authorization", remedy="ask for a new one"
            )
        return dict(claims)
    raise Unauthenticated(
        "this token is not one of ours", where="Authorization", remedy="ask for a new one"
    )
