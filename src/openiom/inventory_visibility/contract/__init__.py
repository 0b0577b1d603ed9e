"""The public Inventory Visibility REST contract, under `/api/environment/{environmentId}/...`."""
