"""What a person is told when a template cannot be deployed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local_aws.errors import TemplateError
from tests.local_aws.conftest import TEMPLATES, Deploy

API = "Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: WEBSOCKET, RouteSelectionExpression: a}}"
SAM = "AWS::Serverless-2016-10-31"
ROUTE = "R: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: none, RouteKey: a}}"
ROLE = "arn:aws:iam::123456789012:role/r"
FUNCTION = f"Type: AWS::Lambda::Function, Properties: {{Handler: a.b, Role: '{ROLE}', Runtime: python3.12"


def topic(name: str) -> str:
    """Return a template with a topic `T` of that name."""
    return f"Resources: {{T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {name}}}}}}}"


ERRORS = {
    "no resources": ("Outputs: {}", None, "a template needs Resources"),
    "not yaml": ("Resources:\n  A: {\n", None, "line 3"),
    "a key twice": ("Resources:\n  A: {Type: T}\n  A: {Type: T}\n", None, "A is there twice"),
    "no websocket api": ("Resources: {T: {Type: AWS::SNS::Topic}}", None, "no WebSocket API"),
    "undefined reference": (topic("!Ref X"), "T", "refers to X"),
    "undefined in sub": (topic('!Sub "${X.Y}"'), "T", "refers to X"),
    "undefined condition": ("Resources: {T: {Type: AWS::SNS::Topic, Condition: C}}", "T", "the condition C"),
    "undefined dependency": ("Resources: {T: {Type: AWS::SNS::Topic, DependsOn: [X]}}", "T", "depends on X"),
    "circle": (
        "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: B}, B: {Type: AWS::SNS::Topic, DependsOn: A}}",
        "A",
        "circular reference: A -> B -> A",
    ),
    "missing code": (f"Resources: {{F: {{{FUNCTION}, Code: ./absent}}}}}}", "F", "its code is not there"),
    "moto refuses": (f"Resources: {{{ROUTE}}}", "R", "none"),
    "property missing": ("Resources: {I: {Type: AWS::ApiGatewayV2::Integration}}", "I", "'ApiId' is missing"),
    "key not in mapping": (
        "Mappings: {M: {a: {b: c}}}\n" + topic("!FindInMap [M, x, b]"),
        "T",
        "'x' is missing",
    ),
    "sam without transform": ("Resources: {F: {Type: AWS::Serverless::Function}}", "F", "Transform"),
    "macro": ("{Transform: Mine, Resources: {}}", None, "the transform Mine"),
    "sam refuses": (
        "{Transform: AWS::Serverless-2016-10-31, Resources: {A: {Type: AWS::Serverless::WebSocketApi}}}",
        "A",
        "Routes",
    ),
    "application repository": (
        f"Transform: {SAM}\nResources: {{A: {{Type: AWS::Serverless::Application, Properties: {{Location: {{}}}}}}}}",
        "A",
        "Repository",
    ),
    "nested missing": (
        "Resources: {N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: absent.yaml}}}",
        "N",
        "absent.yaml: No such file",
    ),
    "nests itself": (
        "Resources: {N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: template.yaml}}}",
        "N",
        "nests itself",
    ),
}


@pytest.mark.parametrize("kind", ERRORS)
async def test_a_template_that_cannot_be_deployed(deployed: Deploy, written: Callable[[str], Path], kind: str) -> None:
    """Each mistake is named, with the resource it is in."""
    text, resource, reason = ERRORS[kind]
    with pytest.raises(TemplateError) as raised:
        await deployed(written(text))
    assert raised.value.resource == resource
    assert reason in raised.value.reason


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"Absent": "1"}, "there is no parameter Absent"),
        ({"Size": "huge"}, "allowed are small, large"),
        ({"Limit": "many"}, "it has to be a number"),
        ({"Prefix": "A1"}, r"it has to match [a-z]+"),
    ],
)
async def test_a_parameter_that_is_not_allowed(deployed: Deploy, parameters: dict[str, str], reason: str) -> None:
    """CloudFormation checks these before it creates anything."""
    with pytest.raises(TemplateError) as raised:
        await deployed("plain.yaml", **parameters)
    assert reason in raised.value.reason


async def test_a_parameter_without_a_value(deployed: Deploy) -> None:
    """There is nobody to ask."""
    with pytest.raises(TemplateError, match="the parameter Stage has no default, and no value was given"):
        await deployed("nested/service.yaml")


async def test_a_failure_inside_a_nested_stack_names_the_way_there(
    deployed: Deploy, written: Callable[..., Path]
) -> None:
    """The logical id alone could be in any of several templates."""
    written(f"Resources: {{{ROUTE}}}", "inner.yaml")
    master = written("Resources: {N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}}")
    with pytest.raises(TemplateError) as raised:
        await deployed(master)
    assert raised.value.resource == "N/R"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("Runtime: nodejs22.x, Code: src", "its runtime is nodejs22.x"),
        ("Code: {ImageUri: a.dkr.ecr.b/c:d}, PackageType: Image", "it is a container image"),
        ("Runtime: python3.12, Code: {S3Bucket: a, S3Key: b}", "its code is not on this machine"),
        ('Runtime: python3.12, Code: {ZipFile: !Sub "# ${AWS::Region}"}', "its inline code is computed"),
    ],
)
async def test_a_route_to_a_function_that_cannot_be_run(
    deployed: Deploy, written: Callable[[str], Path], code: str, reason: str
) -> None:
    """Starting without it would only put the failure off to the first message."""
    template = f"""
Resources:
  {API}
  Stage: {{Type: AWS::ApiGatewayV2::Stage, Properties: {{ApiId: !Ref Api, StageName: dev}}}}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {{ApiId: !Ref Api, RouteKey: $connect, Target: !Sub "integrations/${{Integration}}"}}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {{ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Function.Arn}}
  Function: {{Type: AWS::Lambda::Function, Properties: {{Handler: a.b, Role: "{ROLE}", {code}}}}}
"""
    with pytest.raises(TemplateError) as raised:
        await deployed(written(template))
    assert raised.value.resource == "Function"
    assert reason in raised.value.reason


async def test_a_template_that_is_not_there(deployed: Deploy) -> None:
    """The path is the first thing to check."""
    with pytest.raises(TemplateError, match=r"absent\.yaml: No such file"):
        await deployed(TEMPLATES / "absent.yaml")


LAUGHS = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
)
BOUNDS = {
    "billion laughs": (LAUGHS + "Resources: {}", "more than 200,000 values"),
    "an alias inside itself": ("Resources: &r {A: {Type: T, Properties: {P: *r}}}", "the alias *r"),
    "a merge of itself": ("Resources: &r {<<: *r}", "the alias *r"),
    "deep": ("Resources: " + "[" * 500 + "]" * 500, "nested more than 100 deep"),
    "deep by blocks": ("\n".join(" " * depth + "a:" for depth in range(800)), "nested more than 100 deep"),
    "large": ("Resources: {}\n#" + "x" * 1_000_000, "larger than the 1,000,000 bytes"),
    "many digits": (
        "Resources: {A: {Type: T, Properties: {P: " + "9" * 5000 + "}}}",
        "a number of more than 400 characters",
    ),
    "a number to the base of 60": (
        "Resources: {A: {Type: T, Properties: {P: 1" + ":59" * 5000 + "}}}",
        "a number of more than 400 characters",
    ),
}


@pytest.mark.parametrize("kind", BOUNDS)
async def test_template_that_is_out_of_all_bounds(deployed: Deploy, written: Callable[[str], Path], kind: str) -> None:
    """Told in one line, before it takes the machine's memory."""
    text, reason = BOUNDS[kind]
    with pytest.raises(TemplateError) as raised:
        await deployed(written(text))
    assert reason in raised.value.reason
    assert "template.yaml" in raised.value.reason


INCLUDE = "Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}"
TRANSFORMS = {
    "beside properties": (f"Resources: {{T: {{Type: AWS::SNS::Topic, {INCLUDE}}}}}", "T"),
    "in a property": (f"Resources: {{T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {{{INCLUDE}}}}}}}}}", "T"),
    "in the template": (f"Resources: {{T: {{Type: AWS::SNS::Topic}}}}\n{INCLUDE}", "Fn::Transform"),
    "in outputs": (f"Resources: {{T: {{Type: AWS::SNS::Topic}}}}\nOutputs: {{{INCLUDE}}}", "Outputs"),
    "in a mapping": (f"Resources: {{T: {{Type: AWS::SNS::Topic}}}}\nMappings: {{M: {{{INCLUDE}}}}}", "Mappings"),
}


@pytest.mark.parametrize("place", TRANSFORMS)
async def test_transform_is_refused_wherever_it_stands(
    deployed: Deploy, written: Callable[[str], Path], place: str
) -> None:
    """Left out without a word, it would be a part of the template that is not there."""
    text, where = TRANSFORMS[place]
    with pytest.raises(TemplateError, match="Fn::Transform cannot be resolved here") as raised:
        await deployed(written(text))
    assert raised.value.resource == where
