"""Signed links: tokens that open one record for one purpose, without an account, until they expire.

A token is a JSON Web Token (RFC 7519) with the id of its record and the time of its expiry. Each
purpose has keys of its own, derived from the signing keys of the installation: a token for one
purpose is not accepted for another, and none can be made without the keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from openiom.kernel import Expired, NotFound

from .secrets import SigningKeys

ALGORITHM = "HS256"


@dataclass(frozen=True)
class SignedLinks:
    """Makes and reads the tokens of signed links; the newest key signs, every key is accepted."""

    signing: SigningKeys

    def token(self, purpose: str, subject: str, *, expires_at: datetime) -> str:
        """Return a token that opens the record `subject` for `purpose` until `expires_at`.

        The same arguments give the same token.
        """
        claims = {"sub": subject, "exp": int(expires_at.timestamp())}
        newest = self._keys(purpose)[0]
        return jwt.encode({"alg": ALGORITHM}, claims, newest, algorithms=[ALGORITHM])

    def subject(self, purpose: str, token: str, *, now: datetime) -> str:
        """Return the id of the record that a token opens for `purpose`.

        Raise `NotFound` for a token that was not made here for this purpose, and `Expired`.
        """
        claims = _claims(self._keys(purpose), token)
        if claims["exp"] <= now.timestamp():
            raise Expired("this link has expired", remedy="request a new link")
        return str(claims["sub"])

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
