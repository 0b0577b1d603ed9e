"""Two ways to the fulfiller of the lab: mail over SMTP, and JSON over HTTP."""

import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
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

from .mail_server import MailServer

HEADER_PATH, LINES_PATH = "CreateFulfillmentOrder", "CreateFulfillmentOrderLines"
MAX_ERROR_LENGTH = 500
SECONDS_PER_MAIL = 1.0
SMTP_OK = 250
# Any of these proves that the address responds.
PROBE_STATUSES = (400, 403, 404, 405, 406)


class LabFulfillmentConnection(BaseModel):
    """A mail server for action A, an HTTP address for action B; either may be empty."""

    model_config = ConfigDict(extra="forbid")

    smtp_host: str = Field("", description="Mail server of action A")
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="none only on a trusted network"
    )
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    sender: str = Field("openiom@localhost", description="Sender address of the mails")
    url: str = Field(
        "", description=f"Action B posts to {HEADER_PATH} and {LINES_PATH} below this address"
    )


class LabFulfillmentParameters(BaseModel):
    """Parameters of an instance."""

    model_config = ConfigDict(extra="forbid")

    outbound_email: str = Field(
        "", description="Recipient of fulfillment orders (IOMLabOutboundFulfillmentEmail)"
    )
    timeout_seconds: int = Field(30, ge=1, le=120)


class LabFulfillment:
    """Connector of one fulfiller."""

    def __init__(self, connection: Connection) -> None:
        self._values: Mapping[str, Any] = connection.connection
        self._report = connection.report
        self._egress = connection.egress
        self._timeout: int = connection.parameters["timeout_seconds"]
        self._recipient: str = connection.parameters["outbound_email"]
        host = self._values["smtp_host"]
        self._mail_server = f"smtp://{host}:{self._values['smtp_port']}" if host else ""
        self._http: ProviderHttpClient | None = None
        if self._values["url"]:
            self._http = ProviderHttpClient(
                self._values["url"],
                report=connection.report,
                egress=connection.egress,
                timeout=self._timeout,
            )

    def close(self) -> None:
        """Close all connections."""
        if self._http is not None:
            self._http.close()

    def probe(self) -> ProbeResult:
        """Sign in to the mail server and request the HTTP address, whichever are configured."""
        ways = []
        if self._mail_server:
            with self._mail_session("NOOP") as server:
                server.noop()

            ways.append("email")

        if self._http is not None:
            self._http.get("", accept=PROBE_STATUSES, expect_json=False)
            ways.append("post")

        if not ways:
            raise ProviderRejected(
                "neither mail nor HTTP is configured",
                where="connection",
                remedy="enter smtp_host or url",
            )

        return ProbeResult(self._recipient or self._values["url"], tuple(ways))

    def email(self, call: Call) -> Mapping[str, Any]:
        """Send one mail for the header and one per line over one connection.

        A mail cannot be recalled or looked up, so a retry sends it again with the same Message-ID,
        by which mail programs recognize it.
        """
        if not self._mail_server or not self._recipient:
            raise ProviderRejected(
                "the mail server or outbound_email is missing", remedy="enter both and reprocess"
            )

        header, lines = call.payload["header"], call.payload["lines"]
        number = header["number"]
        mails = [self._mail(f"Fulfillment order {number}", header, call.key, 0)]

        for index, line in enumerate(lines, start=1):
            subject = f"Fulfillment order {number}, line {index} of {len(lines)}"
            mails.append(self._mail(subject, {"number": number, **line}, call.key, index))

        with self._mail_session("MAIL", mails=len(mails)) as server:
            for mail in mails:
                server.send_message(mail)

        return {"mails": len(mails)}

    def _mail(self, subject: str, content: Mapping[str, Any], key: str, index: int) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = " ".join(subject.split())  # a line break would start another header
        mail["From"] = self._values["sender"]
        mail["To"] = self._recipient
        domain = self._values["sender"].rpartition("@")[2] or "localhost"
        mail["Message-ID"] = f"<{sha256(key.encode()).hexdigest()[:40]}.{index}@{domain}>"
        mail.set_content(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
        return mail

    @contextmanager
    def _mail_session(self, method: str, *, mails: int = 0) -> Iterator[MailServer]:
        """Yield an authenticated mail server for a session of so many mails.

        It is reported under `method`.
        """
        started_at, start = datetime.now(UTC), perf_counter()
        message = ""
        status: int | None = None
        try:
            with self._connect(self._egress.max_seconds + mails * SECONDS_PER_MAIL) as server:
                yield server
            status = SMTP_OK
        except (smtplib.SMTPException, OSError) as error:
            failure = _mail_failure(error, self._mail_server)
            message = str(failure)[:MAX_ERROR_LENGTH]
            raise failure from None
        finally:
            milliseconds = round((perf_counter() - start) * 1000)
            self._report(
                OutboundRequest(
                    method, self._mail_server, status, milliseconds, started_at, error=message
                )
            )

    def _connect(self, max_seconds: float) -> MailServer:
        values = self._values
        host, port = values["smtp_host"], values["smtp_port"]
        context = ssl.create_default_context()
        tls = context if values["smtp_security"] == "tls" else None
        server = MailServer(
            host,
            port,
            timeout=self._timeout,
            max_seconds=max_seconds,
            egress=self._egress,
            tls=tls,
        )

        try:
            if values["smtp_security"] == "starttls":
                server.encrypt(context)

            if values["smtp_user"]:
                server.login(values["smtp_user"], values["smtp_password"])
        except BaseException:
            server.close()
            raise

        return server

    def post(self, call: Call) -> Mapping[str, Any]:
        """Post the header, then its lines, both with keys by which a repetition is recognized."""
        if self._http is None:
            raise ProviderRejected(
                "the url is missing", remedy="enter it in the connection and reprocess"
            )

        header, lines = call.payload["header"], call.payload["lines"]
        header_key = {"Idempotency-Key": f"{call.key}-header"}
        response = self._http.post(HEADER_PATH, header, headers=header_key, expect_json=False)
        body = {"number": header["number"], "lines": lines}
        lines_key = {"Idempotency-Key": f"{call.key}-lines"}
        self._http.post(LINES_PATH, body, headers=lines_key, expect_json=False)
        return response.body if isinstance(response.body, dict) else {}


def _refused_recipients(error: smtplib.SMTPRecipientsRefused) -> tuple[list[int], str]:
    """Return the codes and the reasons by which recipients were refused."""
    codes: list[int] = []
    reasons: list[str] = []
    for address, (code, reason) in error.recipients.items():
        codes.append(code)
        reasons.append(f"{address}: {code} {_text(reason)}")

    return codes, "; ".join(reasons)


def _mail_failure(error: Exception, server: str) -> ProviderError:
    """Return the provider error of a mail failure; 5xx codes are permanent."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return ProviderUnauthorized("the mail server refused user or password", where=server)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _rejected_mail(str(error), server)

    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes, message = _refused_recipients(error)
    elif isinstance(error, smtplib.SMTPResponseException):
        codes = [error.smtp_code]
        message = f"{error.smtp_code} {_text(error.smtp_error)}"
    else:
        return ProviderDown(f"the mail server could not be used: {error}", where=server)

    if min(codes, default=500) >= 500:
        return _rejected_mail(message, server)

    return ProviderDown(f"the mail server deferred the mail: {message}", where=server)


def _rejected_mail(message: str, server: str) -> ProviderRejected:
    return ProviderRejected(
        f"the mail server refused: {message}", where=server, remedy="correct the named data"
    )


def _text(reason: bytes | str) -> str:
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason


def _one_by_one(
    action: Callable[[LabFulfillment, Call], Mapping[str, Any]],
) -> Callable[[LabFulfillment, Sequence[Call]], list[CallResult]]:
    """Return an action of many calls that executes them one by one."""

    def run(fulfiller: LabFulfillment, calls: Sequence[Call]) -> list[CallResult]:
        results = []
        for call in calls:
            try:
                response = action(fulfiller, call)
            except ProviderError as error:
                results.append(CallResult(call.key, error=error))
            else:
                results.append(CallResult(call.key, response, str(response.get("id", ""))))

        return results

    return run


ACTIONS = {
    "email_fulfillment_order": _one_by_one(LabFulfillment.email),
    "post_fulfillment_order": _one_by_one(LabFulfillment.post),
}


def connect(connection: Connection) -> LabFulfillment:
    """Return a connector for one fulfiller. Raises Invalid for an invalid address."""
    return LabFulfillment(connection)
