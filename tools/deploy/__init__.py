"""Deploys the chat to an AWS account and takes it away again, by AWS's own command line.

    python -m tools.deploy up --stack chat [--region R] [--profile P] [--yes] [Parameter=value ...]
    python -m tools.deploy up --stack chat --parameters="Parameter=value Other='two words'"
    python -m tools.deploy down --stack chat [--region R] [--profile P] [--yes]

`aws` is used rather than an SDK, so that every way to sign in that works for a person's `aws` works here. Whatever it
does can be repeated: what is there is left, and a deploy that changes nothing says so.
"""

__all__: list[str] = []
