"""The kinds of workers that payments wake."""

CHARGES_WAKE = "payment_charges"
CALLS_WAKE = "payment_calls"
