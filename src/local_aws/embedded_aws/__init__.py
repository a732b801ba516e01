"""Embedded AWS as its parent sees it: a process to start, clients of it, and what only its parent may ask it.

The process itself is `local_aws.moto_server`.
"""

from local_aws.embedded_aws.process import EmbeddedAws

__all__ = ["EmbeddedAws"]
