"""
Every error the product raises on purpose: what, where, why, and what to do.

IomError                 code, status, retry
├─ Invalid         422   the caller's document is wrong
├─ Unauthenticated 401   nobody we know
├─ Forbidden       403   known, but not allowed
├─ NotFound        404
├─ Refused         409   a decision said no; nothing changed
│  └─ TransitionRefused
├─ TooLarge        413   more than the stated limit
├─ TooManyAttempts 429   waiting retry_after seconds helps
└─ ProviderError   502
   ├─ ProviderDown       waiting may help; may carry retry_after seconds
   └─ ProviderRejected   retrying cannot help
      └─ ProviderUnauthorized   the credential is wrong: every call would fail, so wait for a person
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document: where it stands, what is wrong, what to do about it."""

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.remedy})" if self.remedy else "")


class IomError(Exception):
    """`str(error)` says what happened; `where`, `remedy` and `problems` carry the rest."""

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


class Unauthenticated(IomError):
    code, status = "unauthenticated", 401


class Forbidden(IomError):
    code, status = "forbidden", 403


class NotFound(IomError):
    code, status = "not_found", 404


class Refused(IomError):
    code, status = "refused", 409


class TransitionRefused(Refused):
    code = "transition_refused"


class TooLarge(IomError):
    code, status = "too_large", 413


class TooManyAttempts(IomError):
    """Somebody tried too often; `retry_after` seconds from now the next attempt is looked at."""

    code, status, retry = "too_many_attempts", 429, "later"

    def __init__(self, what: str, *, retry_after: int, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.retry_after = retry_after


class ProviderError(IomError):
    code, status = "provider", 502


class ProviderDown(ProviderError):
    """The other side did not answer, or asked us to wait `retry_after` seconds."""

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
