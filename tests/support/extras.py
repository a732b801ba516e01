"""Optional extras of the tests: used where present."""

import os
from typing import NoReturn

import pytest


def missing_extra(reason: str) -> NoReturn:
    """Skip the test for want of something optional; in CI, which has to install it, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must not skip: {reason}")
    pytest.skip(reason)
