"""What keeps the house in order; run from the repository root, never imported by the product."""
