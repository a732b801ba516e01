"""The Python version that functions are configured for, and the one that runs them here."""

import sys
from collections.abc import Iterable

from local_aws.config import FunctionConfig


def runtime_notice(functions: Iterable[FunctionConfig]) -> str | None:
    """Return a notice if functions are configured for another Python version; None otherwise."""
    here = f"python{sys.version_info.major}.{sys.version_info.minor}"
    others = sorted({function.runtime for function in functions} - {here})
    if not others:
        return None
    return f"Functions for {' and '.join(others)} run on Python {here.removeprefix('python')} here"
