"""Benchmarks against the alternatives; each is one `make bench-...`."""
