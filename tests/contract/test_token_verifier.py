"""What every `TokenVerifier` promises."""

import asyncio
import time
from collections.abc import Callable

import pytest

from chat_core import Principal, TokenVerifier, Unauthenticated, Unavailable

Issue = Callable[[], str]


async def test_genuine_token_names_its_principal(verifier_and_issue: tuple[TokenVerifier, Issue]) -> None:
    """As often as it is shown."""
    verifier, issue = verifier_and_issue
    token = issue()
    assert [await verifier.verify(token=token) for _ in range(2)] == [Principal(id="ada")] * 2


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\udc80", "ü.ü.ü", "." * 10_000, "\0"])
async def test_anything_else_is_not_authenticated(verifier_and_issue: tuple[TokenVerifier, Issue], token: str) -> None:
    """Whatever a client can put into a header; the reason quotes nothing of it."""
    verifier, _ = verifier_and_issue
    with pytest.raises(Unauthenticated) as refused:
        await verifier.verify(token=token)
    assert not token or token not in str(refused.value).removesuffix(".")
    assert not refused.value.retryable


async def test_keys_that_do_not_come_are_unavailable_at_the_deadline(
    hanging_verifier_and_issue: tuple[TokenVerifier, Issue],
) -> None:
    """A handshake is told that there is nothing to judge its token by."""
    verifier, issue = hanging_verifier_and_issue
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await verifier.verify(token=issue(), deadline=time.monotonic() + 0.2)
