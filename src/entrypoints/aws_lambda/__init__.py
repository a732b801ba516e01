"""The Lambda functions behind the API's routes: one module each, all of them thin, sharing one container."""

__all__: list[str] = []
