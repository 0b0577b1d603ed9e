"""Connection and parameters of a BigCommerce instance."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class BigCommerceConnection(BaseModel):
    """An API account of the store (Settings > API > Store-level API accounts)."""

    model_config = ConfigDict(extra="forbid")

    api_url: str = Field(
        "https://api.bigcommerce.com", description="Address of the API, without the store"
    )
    store_hash: str = Field(
        min_length=1, pattern="^[a-zA-Z0-9]+$", description="Found in the API path of the account"
    )
    access_token: SecretStr = Field(description="Shown once when the API account is created")
    webhook_key: SecretStr = Field(
        SecretStr(""),
        description="Sent by the store with every webhook; webhooks are off when it is empty",
    )


class BigCommerceParameters(BaseModel):
    """Parameters of an instance."""

    model_config = ConfigDict(extra="forbid")

    take_in: list[int] = Field(
        [11, 14],
        description="Status ids of orders to fulfill: Awaiting Fulfillment, Partially Refunded",
    )
    hold: list[int] = Field(
        [0, 1, 7, 12, 13],
        description=(
            "Status ids that put an order on hold: Incomplete, Pending, Awaiting Payment,"
            " Manual Verification Required, Disputed"
        ),
    )
    cancel: list[int] = Field(
        [4, 5, 6], description="Status ids that cancel an order: Refunded, Cancelled, Declined"
    )
    page_size: int = Field(250, ge=1, le=250, description="Orders per request")
    read_payments: bool = Field(
        False, description="Record how orders are paid, so that it can be captured and refunded"
    )
    payment_instance: str = Field(
        "",
        max_length=200,
        description="The provider instance that captures what the store has only authorized",
    )
    read_catalog: bool = Field(False, description="Import the products of the store with mappings")
    read_customers: bool = Field(
        False, description="Import the customers of the store as accounts, with mappings"
    )
