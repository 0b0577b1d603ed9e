"""Errors say what, where and what to do."""

import pytest

from openiom.kernel import (
    Expired,
    Forbidden,
    Invalid,
    IomError,
    NotFound,
    Problem,
    ProviderDown,
    ProviderError,
    ProviderRejected,
    ProviderUnauthorized,
    Refused,
    TooLarge,
    TooManyAttempts,
    TransitionRefused,
    Unauthenticated,
)


def test_the_text_of_an_error_says_where_what_and_what_to_do() -> None:
    assert str(IomError("the file is empty")) == "the file is empty"
    assert str(IomError("is empty", where="orders.csv")) == "orders.csv: is empty"
    assert str(IomError("is empty", remedy="send rows")) == "is empty. send rows"
    assert (
        str(IomError("is empty", where="orders.csv", remedy="send rows"))
        == "orders.csv: is empty. send rows"
    )


def test_the_problems_of_an_error_are_listed_in_its_text() -> None:
    problems = [Problem("row 1", "no number", "add one"), Problem("row 2", "no date")]

    error = Invalid("two rows are wrong", problems=problems, remedy="send them again")

    assert error.problems == tuple(problems)
    assert str(error) == (
        "two rows are wrong: row 1: no number (add one); row 2: no date. send them again"
    )


@pytest.mark.parametrize(
    ("error", "code", "status", "retry"),
    [
        (IomError("x"), "internal", 500, "never"),
        (Invalid("x"), "invalid", 422, "never"),
        (Unauthenticated("x"), "unauthenticated", 401, "never"),
        (Forbidden("x"), "forbidden", 403, "never"),
        (NotFound("x"), "not_found", 404, "never"),
        (Refused("x"), "refused", 409, "never"),
        (TransitionRefused("x"), "transition_refused", 409, "never"),
        (Expired("x"), "expired", 410, "never"),
        (TooLarge("x"), "too_large", 413, "never"),
        (TooManyAttempts("x", retry_after=7), "too_many_attempts", 429, "later"),
        (ProviderError("x"), "provider", 502, "never"),
        (ProviderDown("x"), "provider_down", 502, "later"),
        (ProviderRejected("x"), "provider_rejected", 502, "never"),
        (ProviderUnauthorized("x"), "provider_unauthorized", 502, "never"),
    ],
)
def test_every_error_has_a_code_a_status_and_says_whether_a_retry_helps(
    error: IomError, code: str, status: int, retry: str
) -> None:
    assert (error.code, error.status, error.retry) == (code, status, retry)
    assert error.what == "x"


def test_errors_that_ask_for_patience_carry_the_seconds_to_wait() -> None:
    assert TooManyAttempts("x", retry_after=7).retry_after == 7
    assert ProviderDown("x", retry_after=1.5).retry_after == 1.5
    assert ProviderDown("x").retry_after is None


def test_errors_form_one_family() -> None:
    assert issubclass(TransitionRefused, Refused)
    assert issubclass(ProviderUnauthorized, ProviderRejected)
    assert issubclass(ProviderRejected, ProviderError)
    assert issubclass(ProviderDown, ProviderError)
    assert issubclass(ProviderError, IomError)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("row 1", "no number"), "row 1: no number"),
        (Problem("row 1", "no number", "add one"), "row 1: no number (add one)"),
        (Problem("", "no number"), ": no number"),
    ],
)
def test_the_text_of_a_problem(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_one_problem_is_listed_without_a_separator() -> None:
    error = Invalid("one row is wrong", where="orders.csv", problems=[Problem("row 1", "no date")])

    assert str(error) == "orders.csv: one row is wrong: row 1: no date"


def test_an_error_keeps_its_parts() -> None:
    error = NotFound("no order", where="orders", remedy="check the number")

    assert error.args == ("no order",)
    assert (error.what, error.where, error.remedy) == ("no order", "orders", "check the number")
    assert error.problems == ()


@pytest.mark.parametrize(
    "error",
    [
        TooManyAttempts("stop", retry_after=3, where="sign-in", remedy="wait"),
        ProviderDown("stop", retry_after=3, where="sign-in", remedy="wait"),
    ],
)
def test_errors_with_a_pause_have_a_place_and_a_remedy_too(error: IomError) -> None:
    assert str(error) == "sign-in: stop. wait"
    assert error.problems == ()
    assert error.retry == "later"
