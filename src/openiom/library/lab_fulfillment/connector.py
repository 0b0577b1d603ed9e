"""Two ways to reach the lab's fulfiller: mail over SMTP, and JSON over HTTP."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from hashlib import sha256
from time import perf_counter
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from openiom.kernel import ProviderDown, ProviderError, ProviderRejected, ProviderUnauthorized
from openiom.provider_contract import (
    Call,
    CallResult,
    Connection,
    OutboundRequest,
    ProbeResult,
    ProviderHttpClient,
)

ORDERS, LINES = "CreateFulfillmentOrder", "CreateFulfillmentOrderLines"


class LabFulfillmentConnection(BaseModel):
    """A mail server for action A, an HTTP address for action B; either may stay empty."""

    model_config = ConfigDict(extra="forbid")

    smtp_host: str = Field("", description="Mail server of action A")
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="none only on a trusted network"
    )
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    sender: str = Field("openiom@localhost", description="Mails come from this address")
    url: str = Field("", description=f"Action B posts to {ORDERS} and {LINES} below this address")


class LabFulfillmentParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    outbound_email: str = Field(
        "", description="Where action A sends fulfillment orders (IOMLabOutboundFulfillmentEmail)"
    )
    timeout_seconds: int = Field(30, ge=1, le=120)


class LabFulfillment:
    """One fulfiller."""

    def __init__(self, connection: Connection) -> None:
        self._given: Mapping[str, Any] = connection.connection
        self._report, self._timeout = connection.report, connection.parameters["timeout_seconds"]
        self._to: str = connection.parameters["outbound_email"]
        url, host = self._given["url"], self._given["smtp_host"]
        self._mail_server = f"smtp://{host}:{self._given['smtp_port']}" if host else ""
        self._http = (
            ProviderHttpClient(url, report=connection.report, timeout=self._timeout)
            if url
            else None
        )

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    def probe(self) -> ProbeResult:
        """Sign in at the mail server, and hear any answer from the HTTP address; what is empty is not asked."""
        ways = []
        if self._mail_server:
            with self._mailing("NOOP") as server:
                server.noop()
            ways.append("email")
        if self._http is not None:
            self._http.get("", accept=(400, 403, 404, 405, 406), expect_json=False)
            ways.append("post")
        if not ways:
            raise ProviderRejected(
                "neither way is set up", where="connection", remedy="enter smtp_host or url"
            )
        return ProbeResult(self._to or self._given["url"], tuple(ways))

    def email(self, call: Call) -> int:
        """One mail for the header, then one a line, over one connection; the number of mails.

        Mail cannot be taken back or asked for, so a repetition sends again: under the same Message-ID, by which
        mail programs recognize it.
        """
        if not self._mail_server or not self._to:
            raise ProviderRejected(
                "has no mail server or no outbound_email", remedy="enter both, and reprocess"
            )
        header, lines = call.payload["header"], call.payload["lines"]
        number = header["number"]
        mails = [self._mail(f"Fulfillment order {number}", header, call.key, 0)]
        for place, line in enumerate(lines, start=1):
            subject = f"Fulfillment order {number}, line {place} of {len(lines)}"
            mails.append(self._mail(subject, {"number": number, **line}, call.key, place))
        with self._mailing("MAIL") as server:
            for mail in mails:
                server.send_message(mail)
        return len(mails)

    def _mail(self, subject: str, content: Mapping[str, Any], key: str, place: int) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = " ".join(subject.split())  # a line break in it would begin another header
        mail["From"], mail["To"] = self._given["sender"], self._to
        domain = self._given["sender"].rpartition("@")[2] or "localhost"
        mail["Message-ID"] = f"<{sha256(key.encode()).hexdigest()[:40]}.{place}@{domain}>"
        mail.set_content(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
        return mail

    @contextmanager
    def _mailing(self, doing: str) -> Iterator[smtplib.SMTP]:
        """A signed-in mail server; what goes wrong with it told in our words and in the call log."""
        started, clock = datetime.now(UTC), perf_counter()
        failure: ProviderError | None = None
        try:
            with self._connected() as server:
                yield server
        except (smtplib.SMTPException, OSError) as error:
            failure = _mail_failure(error, self._mail_server)
            raise failure from None
        finally:
            spent = round((perf_counter() - clock) * 1000)
            told = str(failure)[:500] if failure else ""
            self._report(
                OutboundRequest(doing, self._mail_server, None, spent, started, error=told)
            )

    def _connected(self) -> smtplib.SMTP:
        given = self._given
        at, checked = (given["smtp_host"], given["smtp_port"]), ssl.create_default_context()
        server: smtplib.SMTP
        if given["smtp_security"] == "tls":
            server = smtplib.SMTP_SSL(*at, timeout=self._timeout, context=checked)
        else:
            server = smtplib.SMTP(*at, timeout=self._timeout)
        try:
            if given["smtp_security"] == "starttls":
                server.starttls(context=checked)
            if given["smtp_user"]:
                server.login(given["smtp_user"], given["smtp_password"])
        except BaseException:
            server.close()
            raise
        return server

    def post(self, call: Call) -> dict[str, Any]:
        """The header, then its lines. Both carry the call's key, by which the other side recognizes a repetition."""
        if self._http is None:
            raise ProviderRejected("has no url", remedy="enter it in the connection, and reprocess")
        header, lines = call.payload["header"], call.payload["lines"]
        first = self._http.post(
            ORDERS, header, headers={"Idempotency-Key": f"{call.key}-header"}, expect_json=False
        )
        body = {"number": header["number"], "lines": lines}
        self._http.post(
            LINES, body, headers={"Idempotency-Key": f"{call.key}-lines"}, expect_json=False
        )
        return first.body if isinstance(first.body, dict) else {}


def _mail_failure(error: Exception, server: str) -> ProviderError:
    """Refused for good (5xx), refused credentials, or later."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return ProviderUnauthorized("the mail server refused the user or password", where=server)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        said = "; ".join(
            f"{address}: {code} {_text(why)}" for address, (code, why) in error.recipients.items()
        )
    elif isinstance(error, smtplib.SMTPResponseException):
        codes, said = [error.smtp_code], f"{error.smtp_code} {_text(error.smtp_error)}"
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        codes, said = [500], str(error)
    else:
        return ProviderDown(f"the mail server could not be used: {error}", where=server)
    if all(code >= 500 for code in codes):
        return ProviderRejected(
            f"the mail server refused: {said}", where=server, remedy="correct what it names"
        )
    return ProviderDown(f"the mail server put us off: {said}", where=server)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def email_each(fulfiller: LabFulfillment, calls: Sequence[Call]) -> list[CallResult]:
    """Action A."""
    results = []
    for call in calls:
        try:
            results.append(CallResult(call.key, {"mails": fulfiller.email(call)}))
        except ProviderError as error:
            results.append(CallResult(call.key, error=error))
    return results


def post_each(fulfiller: LabFulfillment, calls: Sequence[Call]) -> list[CallResult]:
    """Action B."""
    results = []
    for call in calls:
        try:
            answer = fulfiller.post(call)
            results.append(CallResult(call.key, answer, str(answer.get("id", ""))))
        except ProviderError as error:
            results.append(CallResult(call.key, error=error))
    return results


def connect(connection: Connection) -> LabFulfillment:
    """A connector for one fulfiller. Raises Invalid for an address that is none."""
    return LabFulfillment(connection)
