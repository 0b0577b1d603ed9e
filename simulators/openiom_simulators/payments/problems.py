"""Refusals of the payment provider."""


class PaymentProblem(Exception):
    """A request that the provider refuses, with its status and code."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
