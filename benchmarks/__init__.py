"""Measurements beside what people would otherwise use; each is one `make bench-...`."""
