"""The runtime: batches of tokens, the workers that process them, and the tables they write."""
