"""`chat local` with a function whose modules are in layers."""

import asyncio
import json
from pathlib import Path

from websockets.asyncio.client import connect

from tests.support.local_stack import local_stack

TEMPLATE = Path(__file__).parents[1] / "fixtures" / "templates" / "layers" / "template.yaml"


async def test_a_function_imports_from_its_layers_as_on_lambda() -> None:
    """The order is: the function's folder, `site-packages` of the layers, `python` of the layers.

    A later layer hides an earlier one.
    """
    with local_stack("--template", str(TEMPLATE)) as stack:
        async with connect(stack.ws_url, open_timeout=30) as client:
            await client.send("{}")
            found = json.loads(await asyncio.wait_for(client.recv(), 30))
    assert found == ["first", "second", "second, site-packages", "the function", "built"]
