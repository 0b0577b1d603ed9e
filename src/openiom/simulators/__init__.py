"""Outside systems to practise with: a BigCommerce-compatible store and a 3PL, each a process of its own."""
