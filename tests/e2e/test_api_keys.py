"""`chat local` with an API that requires an API key."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from local_aws.embedded_aws.clients import client
from tests.support.local_stack import LocalStack, local_stack

TEMPLATE = Path(__file__).parents[1] / "fixtures" / "templates" / "api_keys.yaml"


@pytest.fixture(scope="module")
def keyed() -> Iterator[LocalStack]:
    """Start the API with its keys."""
    with local_stack("--template", str(TEMPLATE)) as stack:
        yield stack


@pytest.mark.parametrize("key", [None, "wrong", "given-this-one-is-not-enabled", "given-this-one-is-in-no-plan"])
async def test_a_handshake_without_a_key_of_the_stage_is_forbidden(keyed: LocalStack, key: str | None) -> None:
    """The function behind `$connect` does not run."""
    headers = {} if key is None else {"x-api-key": key}
    with pytest.raises(InvalidStatus) as caught:
        await connect(keyed.ws_url, additional_headers=headers, open_timeout=30)
    assert caught.value.response.status_code == 403


async def test_a_key_of_the_template_opens_the_connection(keyed: LocalStack) -> None:
    """The key is in the header that the API's key selection expression names."""
    headers = {"x-api-key": "given-key-of-twenty-characters"}
    async with connect(keyed.ws_url, additional_headers=headers, open_timeout=30) as opened:
        assert opened.response is not None
        assert opened.response.status_code == 101


async def test_the_line_about_a_generated_key_leads_to_its_value(keyed: LocalStack) -> None:
    """A developer uses the logged command of the AWS CLI; this test makes the same call."""
    words = keyed.wait_for_log("^API key GeneratedKey: aws apigateway get-api-key").split()
    key, endpoint, region = (words[words.index(each) + 1] for each in ("--api-key", "--endpoint-url", "--region"))
    with closing(client("apigateway", endpoint=endpoint, region=region)) as gateway:
        value = gateway.get_api_key(apiKey=key, includeValue=True)["value"]
    async with connect(keyed.ws_url, additional_headers={"x-api-key": value}, open_timeout=30):
        pass
