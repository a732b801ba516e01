"""`chat local` with permissions missing from the template: it fails where AWS would, and says what is missing."""

import re
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.local_stack import local_stack

TEMPLATES = Path(__file__).parents[1] / "fixtures" / "templates"


def without(template: str, *resources: str) -> str:
    """Return a template's text without some of its resources."""
    for name in resources:
        template, count = re.subn(rf"(?m)^  {name}:\n(    .*\n)+", "", template)
        assert count == 1, name
    return template


@pytest.mark.parametrize(
    ("removed", "function", "source"),
    [
        ("GuardPermission", "GuardFunction", "authorizers/${Guard}"),
        ("EchoPermission", "EchoFunction", "${Stage}/$connect"),
    ],
)
async def test_function_without_permission_is_not_invoked(
    tmp_path: Path, removed: str, function: str, source: str
) -> None:
    """Neither behind a route nor as an authorizer; the client gets 500, the log the resource to add."""
    (tmp_path / "src").symlink_to(TEMPLATES / "src")
    path = tmp_path / "template.yaml"
    path.write_text(without((TEMPLATES / "authorizer.yaml").read_text(), removed))
    with local_stack("--template", str(path)) as stack:
        with pytest.raises(InvalidStatus) as caught:
            await connect(stack.ws_url + "?token=letmein", open_timeout=30)
        line = stack.wait_for_log("add {Type: AWS::Lambda::Permission")
    assert caught.value.response.status_code == 500
    assert f"{{FunctionName: !Ref {function}, Action: lambda:InvokeFunction, " in line
    assert f':${{Api}}/{source}"}}}}' in line
