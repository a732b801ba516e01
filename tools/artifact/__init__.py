"""Builds the artifact for Lambda: our code and the wheels that it imports, for Lambda's Python and processor.

`python -m tools.artifact` writes `build/`:

    build/functions/, build/functions.zip      the code of the API's functions
    build/authorizer/, build/authorizer.zip    the same for the function that checks tokens, if a template has one
    build/infrastructure/                      the templates with these archives, ready to deploy

The same sources and locks give the same bytes on every machine with the same Python, so that an unchanged function is
not uploaded again.
"""

__all__: list[str] = []
