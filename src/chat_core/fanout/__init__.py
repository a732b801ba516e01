"""One event to a whole room, as far as there is time; the rest to a worker."""

__all__: list[str] = []
