"""Operations on orders, one module each; other packages import them from `openiom.orders`."""
