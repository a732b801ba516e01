"""Identifiers as API Gateway makes them."""

import pytest

from local_aws.api_gateway.ids import is_id, new_id, new_trace_id


def test_ids_have_the_form_of_aws_and_differ() -> None:
    """An id has sixteen characters, and the last is `=` (1.13)."""
    ids = {new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(is_id(each) and len(each) == 16 for each in ids)


@pytest.mark.parametrize("text", ["L0SM9cOFvHcCIhw=", "RYG0LEicPHcFo_A=", "PJqB0E1tKRcF-Qw="])
def test_ids_seen_on_aws_are_ids(text: str) -> None:
    """These ids are from AWS's documents and captures (1.13)."""
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "cjy8i76bx002884le6n17d49b", "L0SM9cOFvHcCIhw", "L0SM9cOFvHcCI/w=", "a" * 16])
def test_other_texts_are_none(text: str) -> None:
    """They get 400 instead of 410 (5.3)."""
    assert not is_id(text)


def test_trace_ids_begin_with_their_time() -> None:
    """X-Ray's format: version, eight hexadecimal digits of epoch seconds, 96 random bits."""
    root, time, rest = new_trace_id(0x6731EBFC).split("-")
    assert (root, time, len(rest)) == ("Root=1", "6731ebfc", 24)
