"""The services that may invoke functions."""

import pytest

from local_aws.invoker import InvocationRefused
from local_aws.lambda_ import Functions
from tests.support.permits import FixedPermissions

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:chat"
ROUTE = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/$connect"


@pytest.mark.parametrize(
    ("permitted", "source", "reason"),
    [
        (False, ROUTE, "it lacks a permission"),
        (True, ROUTE, "Function not found"),
        (False, "", "Function not found"),
    ],
)
async def test_a_service_needs_a_permission(permitted: bool, source: str, reason: str) -> None:
    """A caller without a source needs none; a denied caller does not learn whether the function exists."""
    permits = FixedPermissions("" if permitted else "it lacks a permission")
    functions = Functions(configs=[], extra_variables={}, log=print, permits=permits)
    try:
        with pytest.raises(InvocationRefused, match=reason):
            await functions.invoke(function_arn=FUNCTION, event=b"{}", source_arn=source)
    finally:
        await functions.stop()
    assert permits.asked == ([{"function_arn": FUNCTION, "source_arn": ROUTE}] if source else [])
