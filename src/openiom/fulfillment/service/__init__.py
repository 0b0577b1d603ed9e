"""Use cases of the fulfillment room, one file a verb; guests come through `openiom.fulfillment`."""
