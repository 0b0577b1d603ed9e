"""Signed links open one record for one purpose until they expire."""

from datetime import UTC, datetime, timedelta

import pytest

from openiom.kernel import Expired, NotFound
from openiom.platform.secrets import SigningKeys
from openiom.platform.signed_links import SignedLinks

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


def links(*keys: str) -> SignedLinks:
    return SignedLinks(SigningKeys(list(keys)))


def test_a_token_opens_its_record_until_it_expires() -> None:
    token = links("key").token("orders", "42", expires_at=TOMORROW)

    assert links("key").subject("orders", token, now=NOW) == "42"
    assert links("key").subject("orders", token, now=TOMORROW - timedelta(seconds=1)) == "42"
    with pytest.raises(Expired, match="this link has expired"):
        links("key").subject("orders", token, now=TOMORROW)


def test_a_token_is_not_accepted_for_another_purpose_or_installation() -> None:
    token = links("key").token("orders", "42", expires_at=TOMORROW)

    for purpose, key in (("purchase orders", "key"), ("orders", "other key")):
        with pytest.raises(NotFound, match="this link is not valid"):
            links(key).subject(purpose, token, now=NOW)


def test_a_token_of_an_older_key_is_accepted_after_the_keys_rotate() -> None:
    token = links("old").token("orders", "42", expires_at=TOMORROW)

    assert links("new", "old").subject("orders", token, now=NOW) == "42"
    with pytest.raises(NotFound):
        links("new").subject("orders", token, now=NOW)


@pytest.mark.parametrize("changed", ["", "x", "a.b.c", "é.é.é", "..", "x" * 10_000])
def test_text_that_is_not_a_token_is_refused(changed: str) -> None:
    with pytest.raises(NotFound, match="this link is not valid"):
        links("key").subject("orders", changed, now=NOW)


def test_a_token_cannot_be_changed_to_open_another_record() -> None:
    mine = links("key").token("orders", "42", expires_at=TOMORROW)
    other = links("guess").token("orders", "43", expires_at=TOMORROW)
    header, _, signature = mine.split(".")
    forged = ".".join((header, other.split(".")[1], signature))

    with pytest.raises(NotFound):
        links("key").subject("orders", forged, now=NOW)
