"""The lab accepts every mail and every POST, and lists what arrived."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import httpx
import pytest

from openiom_simulators import LabOptions, RunningServer, lab_application, running


@pytest.fixture
def lab() -> Iterator[RunningServer]:
    with running(lab_application(LabOptions())) as (one,):
        yield one


def send_mail(lab: RunningServer, subject: str, text: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "iom@example.com", "ann@example.com", subject
    mail["Message-ID"] = f"<{subject}@example.com>"
    mail.set_content(text)
    with smtplib.SMTP("127.0.0.1", lab.app.state.smtp_port, timeout=10) as client:
        client.send_message(mail)


def test_mails_are_stored_in_the_order_of_their_arrival(lab):
    send_mail(lab, "first", "Hello")
    send_mail(lab, "second", ".a line with a dot\nand an ü")
    mails = httpx.get(f"{lab.url}/_sim/received").json()["mails"]
    assert [(mail["to"], mail["subject"], mail["message_id"]) for mail in mails] == [
        ("ann@example.com", "first", "<first@example.com>"),
        ("ann@example.com", "second", "<second@example.com>"),
    ]
    assert mails[0]["text"].strip() == "Hello"
    assert mails[1]["text"].splitlines() == [".a line with a dot", "and an ü"]


def test_posts_are_stored_with_path_key_and_body(lab):
    url = f"{lab.url}/bin/orders/new"
    headers = {"Idempotency-Key": "k1"}
    assert httpx.post(url, content=b"\xffbody", headers=headers).json() == {"received": 1}
    assert httpx.post(f"{lab.url}/bin/", content=b"").json() == {"received": 2}
    posts = httpx.get(f"{lab.url}/_sim/received").json()["posts"]
    assert posts == [
        {"path": "/orders/new", "key": "k1", "body": "\ufffdbody"},
        {"path": "/", "key": "", "body": ""},
    ]


def test_the_address_describes_itself(lab):
    assert httpx.get(f"{lab.url}/bin").json() == {"accepts": "every POST below this address"}
    assert httpx.get(f"{lab.url}/_sim/health").json() == {"status": "ok"}
