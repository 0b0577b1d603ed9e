"""Signed links: tokens that open one record for one purpose, without an account, until they expire.

A token is a JSON Web Token (RFC 7519) with the id of its record and the time of its expiry. Each
purpose has keys of its own, derived from the signing keys of the installation: a token for one
purpose is not accepted for another, and none can be made without the keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from openiom.kernel import Expired, NotFound

from .secrets import SigningKeys

ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """The record that a token opens; `issued_at` is None for a token that does not say it."""

    subject: str
    issued_at: datetime | None


@dataclass(frozen=True)
class SignedLinks:
    """Makes and reads the tokens of signed links; the newest key signs, every key is accepted."""

    signing: SigningKeys

    def token(
        self,
        purpose: str,
        subject: str,
        *,
        expires_at: datetime,
        issued_at: datetime | None = None,
    ) -> str:
        """Return a token that opens the record `subject` for `purpose` until `expires_at`.

        The same arguments give the same token. A purpose whose links can be revoked states when
        they were issued.
        """
        claims: dict[str, Any] = {"sub": subject, "exp": int(expires_at.timestamp())}
        if issued_at is not None:
            claims["iat"] = issued_at.timestamp()
        newest = self._keys(purpose)[0]
        return jwt.encode({"alg": ALGORITHM}, claims, newest, algorithms=[ALGORITHM])

    def subject(self, purpose: str, token: str, *, now: datetime) -> str:
        """Return the id of the record that a token opens for `purpose`.

        Raise `NotFound` for a token that was not made here for this purpose, and `Expired`.
        """
        return self.open(purpose, token, now=now).subject

    def open(self, purpose: str, token: str, *, now: datetime) -> OpenedLink:
        """Return what a token opens for `purpose`. Raise as `subject` does."""
        claims = _claims(self._keys(purpose), token)
        if claims["exp"] <= now.timestamp():
            raise Expired("this link has expired", remedy="request a new link")
        issued = claims.get("iat")
        issued_at = None if issued is None else datetime.fromtimestamp(issued, UTC)
        return OpenedLink(str(claims["sub"]), issued_at)

    def _keys(self, purpose: str) -> list[OctKey]:
        derived = self.signing.derive_keys(f"links for {purpose}")
        return [OctKey.import_key(key) for key in derived]


def _claims(keys: Sequence[OctKey], token: str) -> dict[str, Any]:
    for key in keys:
        try:
            return dict(jwt.decode(token, key, algorithms=[ALGORITHM]).claims)
        except (JoseError, ValueError):
            continue

    raise NotFound("this link is not valid", remedy="open the link exactly as it was sent")
