"""Errors that OpenIOM raises on purpose; each says what, where, why and what to do.

IomError                 code, status, retry
├─ Invalid         422   the caller's document is wrong
│  └─ Malformed    400   it cannot be read at all
├─ Unauthenticated 401   the credential is missing or unknown
├─ Forbidden       403   known, but not allowed
├─ NotFound        404
├─ Expired         410   it was valid until a time that has passed
├─ Refused         409   a decision refused it; nothing changed
│  └─ TransitionRefused
├─ TooLarge        413   larger than the documented limit
├─ TooManyAttempts 429   retry after `retry_after` seconds
├─ Unavailable     503   the database does not respond; retry after `retry_after` seconds
└─ ProviderError   502
   ├─ ProviderDown       a retry may help; may carry `retry_after` seconds
   └─ ProviderRejected   a retry cannot help
      └─ ProviderUnauthorized   the credential is wrong: every call fails until it is replaced
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a document: where it is, what is wrong and what to do about it."""

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}"
        return f"{text} ({self.remedy})" if self.remedy else text


class IomError(Exception):
    """Base of every error raised on purpose.

    `what` says what happened; `where`, `remedy` and `problems` add the place, the way out and the
    single faults. `str(error)` joins all of them.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retry: ClassVar[Literal["never", "later"]] = "never"

    def __init__(
        self, what: str, *, where: str = "", remedy: str = "", problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy
        self.problems = tuple(problems)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.problems:
            text += ": " + "; ".join(map(str, self.problems))
        return f"{text}. {self.remedy}" if self.remedy else text


class Invalid(IomError):
    code, status = "invalid", 422


class Malformed(Invalid):
    code, status = "malformed", 400


class Unauthenticated(IomError):
    code, status = "unauthenticated", 401


class Forbidden(IomError):
    code, status = "forbidden", 403


class NotFound(IomError):
    code, status = "not_found", 404


class Expired(IomError):
    code, status = "expired", 410


class Refused(IomError):
    code, status = "refused", 409


class TransitionRefused(Refused):
    code = "transition_refused"


class TooLarge(IomError):
    code, status = "too_large", 413


class TooManyAttempts(IomError):
    """The caller made too many attempts; the next is accepted after `retry_after` seconds."""

    code, status, retry = "too_many_attempts", 429, "later"

    def __init__(self, what: str, *, retry_after: int, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.retry_after = retry_after


class Unavailable(IomError):
    """What the request needs cannot be reached now; retry after `retry_after` seconds."""

    code, status, retry = "unavailable", 503, "later"

    def __init__(self, what: str, *, retry_after: int, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.retry_after = retry_after


class ProviderError(IomError):
    code, status = "provider", 502


class ProviderDown(ProviderError):
    """The provider did not respond, or requested a pause of `retry_after` seconds."""

    code, retry = "provider_down", "later"

    def __init__(
        self, what: str, *, retry_after: float | None = None, where: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.retry_after = retry_after


class ProviderRejected(ProviderError):
    code = "provider_rejected"


class ProviderUnauthorized(ProviderRejected):
    code = "provider_unauthorized"
