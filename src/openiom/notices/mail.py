"""E-mails over SMTP."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from uuid import UUID

from .mail_server import MailServerBody


@dataclass(frozen=True, slots=True)
class Mail:
    """What an e-mail is made of."""

    id: UUID
    recipient: str
    subject: str
    body_text: str
    body_html: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of an attempt; `retry` says whether another one may succeed."""

    ok: bool
    reason: str = ""
    retry: bool = False


def message_of(mail: Mail, server: MailServerBody) -> EmailMessage:
    """Return a message. Its Message-ID is derived from the notice: a repetition has the same."""
    message = EmailMessage()
    message["Message-ID"] = message_id(mail.id, server)
    message["Date"] = mail.created_at
    message["From"] = Address(server.sender_name, addr_spec=server.sender_address)
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Auto-Submitted"] = "auto-generated"
    if server.reply_to:
        message["Reply-To"] = server.reply_to

    message.set_content(mail.body_text)
    if mail.body_html:
        message.add_alternative(mail.body_html, subtype="html")
    return message


def message_id(notice_id: UUID, server: MailServerBody) -> str:
    """Return the Message-ID of a notice."""
    domain = server.sender_address.rpartition("@")[2]
    return f"<{notice_id}@{domain}>"


@contextmanager
def connected(server: MailServerBody, password: str) -> Iterator[smtplib.SMTP]:
    """Connect and sign in. Raise `OSError` or `SMTPException`."""
    timeout = float(server.timeout_seconds)
    context = ssl.create_default_context()
    client: smtplib.SMTP
    if server.security == "tls":
        client = smtplib.SMTP_SSL(server.host, server.port, timeout=timeout, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=timeout)

    try:
        if server.security == "starttls":
            client.starttls(context=context)
        if server.username:
            client.login(server.username, password)
        yield client
    finally:
        with suppress(OSError, smtplib.SMTPException):
            client.quit()
        client.close()


def deliver(client: smtplib.SMTP, mail: Mail, server: MailServerBody) -> SendResult:
    """Send one e-mail. Raise `OSError` when the connection is lost; the outcome is unknown then."""
    try:
        client.send_message(message_of(mail, server))
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return _refused(code, text)
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (ValueError, MessageError, smtplib.SMTPNotSupportedError) as error:
        return SendResult(False, f"the message cannot be sent: {error}")
    return SendResult(True)


def _refused(code: int, text: bytes | str) -> SendResult:
    """Return a refusal; codes of 500 and above are permanent (RFC 5321, 4.2.1)."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return SendResult(False, f"the mail server answered {code} {said}"[:500], retry=code < 500)
