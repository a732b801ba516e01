"""The embedded AWS from the view of the emulator: its process, its clients, and its private API.

The process itself is `local_aws.moto_server`.
"""

from local_aws.embedded_aws.process import EmbeddedAws

__all__ = ["EmbeddedAws"]
