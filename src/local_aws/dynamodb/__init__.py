"""DynamoDB tables of a stack, made on an endpoint other than the embedded one."""

__all__: list[str] = []
