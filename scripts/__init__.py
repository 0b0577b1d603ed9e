"""Development scripts, run from the repository root; the product does not import them."""
