"""Builds what Lambda is given: our code and the wheels that it imports, made for Lambda's Python and processor.

`python -m tools.artifact` writes `build/`:

    build/functions/, build/functions.zip      what the API's functions run
    build/authorizer/, build/authorizer.zip    the same for the function that checks tokens, where a template has one
    build/infrastructure/                      the templates, naming these archives: deployable as they stand

The same sources and locks give the same bytes, wherever and whenever they are built with the same Python: an unchanged
function is not uploaded again.
"""

__all__: list[str] = []
