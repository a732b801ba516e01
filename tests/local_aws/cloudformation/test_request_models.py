"""Models of a template, as the routes have them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from local_aws.errors import TemplateError
from tests.local_aws.conftest import TEMPLATES, Deploy


async def test_models_are_read_with_what_selects_them(deployed: Deploy) -> None:
    """Whether the schema is written as a document or as a text."""
    route = (await deployed("request_models.yaml")).apis[0].routes["send"]
    assert route.model_selection_expression == "$request.body.version"
    assert route.request_models["2"]["required"] == ["body"]
    assert route.request_models["$default"]["properties"]["size"] == {
        "type": "number",
        "minimum": 0,
        "exclusiveMinimum": True,
    }


@pytest.mark.parametrize(
    ("part", "other", "said"),
    [
        ("$default: First", "$default: Third", r"Api: the route send has no model Third \(the API has First, Second\)"),
        ("#/definitions/t", "https://example.com/t", "Second: its schema refers to https://example.com/t"),
        ("""'{"type""", """'{type""", "Second: its schema is not JSON"),
    ],
    ids=["no such model", "schema of elsewhere", "not JSON"],
)
async def test_a_model_that_cannot_be_applied_is_refused_by_name(
    deployed: Deploy, written: Callable[[str], Path], part: str, other: str, said: str
) -> None:
    """Its messages would not be held to it."""
    template = (TEMPLATES / "request_models.yaml").read_text().replace(part, other)
    with pytest.raises(TemplateError) as caught:
        await deployed(written(template))
    assert re.match(said, str(caught.value))
