"""Operations on return orders; other packages import them from `openiom.returns`."""
