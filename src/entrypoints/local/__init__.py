"""The whole stack on one machine, from the templates that deploy it: `chat local`."""

__all__: list[str] = []
