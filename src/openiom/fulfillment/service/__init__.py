"""Operations on fulfillment orders; other packages import them from `openiom.fulfillment`."""
