"""An emulator of AWS for WebSocket APIs: any template with one, and its Python functions, on one machine.

It knows nothing of the chat. `local-aws` is its command; an entrypoint may start it with more beside it (`run.run`).
"""

__all__: list[str] = []
