"""What every `TokenVerifier` promises."""

from collections.abc import Callable

import pytest

from chat_core import Principal, TokenVerifier, Unauthenticated

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
