"""Messages that cannot be composed fail for their notice only."""

import smtplib
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import ValidationError

from openiom.notices.mail import Mail, SendResult, deliver, message_of
from openiom.notices.mail_server import MailServerBody

NOTICE = UUID("0190a000-0000-7000-8000-000000000001")
SERVER = {"host": "mail.example.com", "sender_name": "Shop", "sender_address": "shop@example.com"}


def mail(recipient: str = "ann@example.com", subject: str = "Your order") -> Mail:
    return Mail(
        id=NOTICE,
        recipient=recipient,
        subject=subject,
        body_text="Hello",
        body_html="<p>Hello</p>",
        created_at=datetime(2026, 5, 4, tzinfo=UTC),
    )


def test_a_message_names_its_sender_and_has_both_bodies() -> None:
    message = message_of(mail(), MailServerBody(**SERVER))

    assert message["From"] == "Shop <shop@example.com>"
    assert message["Message-ID"] == f"<{NOTICE}@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize("address", ["[x]@example.com", "a b@example.com", "a@b@c", "shop"])
def test_a_sender_that_is_no_address_is_refused_when_it_is_saved(address: str) -> None:
    with pytest.raises(ValidationError, match="sender_address"):
        MailServerBody(**{**SERVER, "sender_address": address})


@pytest.mark.parametrize(
    ("sender", "subject"), [("[x]@example.com", "Your order"), ("shop@example.com", "a\nBcc: b")]
)
def test_a_message_that_cannot_be_composed_is_not_tried_again(sender: str, subject: str) -> None:
    server = MailServerBody(**SERVER).model_copy(update={"sender_address": sender})

    result = deliver(smtplib.SMTP(), mail(subject=subject), server)

    assert isinstance(result, SendResult)
    assert not result.ok
    assert not result.retry
    assert result.reason.startswith("the message cannot be sent: ")
