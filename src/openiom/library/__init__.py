"""The provider catalog, one folder each; none knows another."""
