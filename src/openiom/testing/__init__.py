"""What we ship to provider authors: contract suite, fakes, builders."""
