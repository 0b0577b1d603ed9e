"""Amounts as Stripe counts them, in the smallest unit that it knows of a currency."""

from decimal import Decimal

from openiom.kernel import ProviderRejected

ZERO_DECIMALS = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
"""Currencies of which Stripe accepts the third decimal only as 0."""


def stripe_amount(amount: Decimal, currency: str) -> int:
    """Return an amount as the integer that the API expects.

    Currencies that have no minor unit any more, such as ISK and UGX, are counted with two decimals.
    Raises ProviderRejected for an amount that Stripe cannot express.
    """
    if currency in ZERO_DECIMALS:
        units, step = amount, 1
    elif currency in THREE_DECIMALS:
        units, step = amount.scaleb(3), 10
    else:
        units, step = amount.scaleb(2), 1

    whole = int(units)
    if whole != units or whole % step:
        raise ProviderRejected(
            f"Stripe cannot express {amount} {currency}",
            where="amount",
            remedy="pay the amount in the Stripe dashboard",
        )
    return whole
