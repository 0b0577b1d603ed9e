"""Only those who belong come in, only hashes are kept, and guessing is slowed down."""

from datetime import UTC, datetime, timedelta

import pytest

from openiom.administration import issue_token, upsert_client, upsert_users
from openiom.administration.service import principal_of_token, sign_in, sign_out
from openiom.kernel import Forbidden, Invalid, Unauthenticated
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EMAIL, PASSWORD = "ann@example.com", "correct horse"


@pytest.fixture
def house(database: Database) -> Database:
    with database.unit_of_work() as session:
        upsert_users(session, [(EMAIL, "Ann Lee", PASSWORD, ["viewer"])])
    return database


def enter(database: Database, password: str, *, now: datetime = NOW) -> str | None:
    with database.unit_of_work() as session:
        opened = sign_in(session, email=EMAIL.upper(), password=password, now=now, hours=1)
    return opened[0] if opened else None


def test_a_sign_in_lasts_its_hours_and_ends_when_told(house: Database) -> None:
    token = enter(house, PASSWORD)
    assert token is not None
    with house.unit_of_work() as session:
        who = principal_of_token(session, token, NOW + timedelta(minutes=59))
        assert who.name == EMAIL
        with pytest.raises(Forbidden, match="may not do this"):
            who.require("orders.write")
        with pytest.raises(Unauthenticated):
            principal_of_token(session, token, NOW + timedelta(hours=1))
        sign_out(session, token)
        with pytest.raises(Unauthenticated):
            principal_of_token(session, token, NOW)


def test_eight_wrong_passwords_lock_the_account_for_a_minute(house: Database) -> None:
    assert [enter(house, "wrong") for _ in range(8)] == [None] * 8
    assert enter(house, PASSWORD, now=NOW + timedelta(seconds=59)) is None
    assert enter(house, PASSWORD, now=NOW + timedelta(seconds=61)) is not None


def test_neither_password_nor_token_is_kept_in_clear(house: Database) -> None:
    token = enter(house, PASSWORD)
    with house.unit_of_work() as session:
        api = issue_token(session, name="robot", roles=["administrator"], now=NOW, actor="test")
        assert principal_of_token(session, api, NOW).permissions == frozenset({"*"})
        kept = fetch(
            session,
            "SELECT (SELECT string_agg(u::text, '') FROM administration.user u)"
            " || (SELECT string_agg(s::text, '') FROM administration.session s)"
            " || (SELECT string_agg(t::text, '') FROM administration.api_token t)",
        )[0][0]
    assert [secret for secret in (PASSWORD, token, api) if secret and secret in kept] == []


def test_a_short_password_is_refused(house: Database) -> None:
    with pytest.raises(Invalid, match="too short"), house.unit_of_work() as session:
        upsert_users(session, [("bob@example.com", "Bob", "short", ["viewer"])])


def test_an_address_that_is_none_is_refused(database: Database) -> None:
    with (
        pytest.raises(Invalid, match="bob is no e-mail address"),
        database.unit_of_work() as session,
    ):
        upsert_users(session, [("bob", "Bob", PASSWORD, ["viewer"])])


def test_a_role_nobody_knows_is_refused_wherever_one_is_given(database: Database) -> None:
    with database.unit_of_work() as session:
        with pytest.raises(Invalid, match=r"no role king.*use one of administrator, integrator"):
            upsert_users(session, [(EMAIL, "Ann Lee", PASSWORD, ["viewer", "king"])])
        with pytest.raises(Invalid, match="no role king"):
            issue_token(session, name="robot", roles=["king"], now=NOW, actor="test")
        with pytest.raises(Invalid, match="no role king"):
            upsert_client(session, name="pos", roles=["king"], now=NOW, actor="test")
    with database.reading() as session:
        assert fetch(session, "SELECT count(*) FROM administration.user") == [(0,)]
