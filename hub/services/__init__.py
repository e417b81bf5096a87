"""One function per use case, split by noun. Each takes an open transaction and the acting person."""
