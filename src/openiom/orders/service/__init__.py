"""Use cases of the orders room, one file a verb; guests come through `openiom.orders`."""
