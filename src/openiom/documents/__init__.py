"""Canonical business documents: the shapes that cross the provider border, versioned."""
