"""Deploys the chat to an AWS account and deletes it again, with AWS's own command line.

    python -m tools.deploy up --stack chat [--region R] [--profile P] [--yes] [Parameter=value ...]
    python -m tools.deploy up --stack chat --parameters="Parameter=value Other='two words'"
    python -m tools.deploy down --stack chat [--region R] [--profile P] [--yes]

It calls `aws` instead of an SDK, so that every way to sign in that works with `aws` works here. All operations can be
repeated: existing resources stay, and a deploy without changes says so. See
docs/decisions/0011-deploys-by-our-own-driver.md.
"""

__all__: list[str] = []
