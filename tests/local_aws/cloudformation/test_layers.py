"""Layers of a template, laid over each other as Lambda lays them into `/opt`."""

import shutil
from collections.abc import Callable
from pathlib import Path

from local_aws.config import Deployment
from tests.local_aws.conftest import TEMPLATES, Deploy

EXTERNAL = "arn:aws:lambda:eu-west-1:210987654321:layer:elsewhere:7"
ONE_LAYER = """
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: prod}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Code: src
      Handler: app.handler
      Runtime: python3.11
      Role: arn:aws:iam::123456789012:role/x
      Layers: [!Ref Layer]
  Layer:
    Type: AWS::Lambda::LayerVersion
    Properties: {Content: CONTENT}
"""


def opt_of(deployment: Deployment) -> Path:
    """Return the `/opt` of the only function."""
    (function,) = deployment.functions
    assert function.opt is not None
    return function.opt


async def test_the_later_of_two_layers_wins_file_by_file(deployed: Deploy) -> None:
    """A package that both have is made of the files of both; those of Globals come first."""
    shared = opt_of(await deployed("layers/template.yaml")) / "python" / "shared"
    assert (shared / "both.py").read_text() == 'NAME = "second"\n'
    assert (shared / "only_first.py").read_text() == 'NAME = "first"\n'


async def test_a_layer_that_a_condition_leaves_out_is_not_there(deployed: Deploy) -> None:
    """What it would have hidden is seen."""
    shared = opt_of(await deployed("layers/template.yaml", WithSecond="no")) / "python" / "shared"
    assert (shared / "both.py").read_text() == 'NAME = "first"\n'


async def test_a_layer_that_sam_would_build_stands_in_the_folder_python(deployed: Deploy) -> None:
    """Its source has no such folder: `sam build` makes it."""
    assert (opt_of(await deployed("layers/template.yaml")) / "python" / "built.py").is_file()


async def test_a_layer_of_elsewhere_is_named(deployed: Deploy) -> None:
    """The function that misses it too: it may fail to import what was in it."""
    deployment = await deployed("layers/template.yaml")
    assert deployment.notices == (f"Not added: a layer that the stack does not make, of Function: {EXTERNAL}",)


async def test_a_file_added_to_the_only_layer_is_seen_at_once(
    deployed: Deploy, written: Callable[[str], Path], tmp_path: Path
) -> None:
    """It is linked to, and not copied."""
    (tmp_path / "layer" / "python").mkdir(parents=True)
    opt = opt_of(await deployed(written(ONE_LAYER.replace("CONTENT", "layer"))))
    (tmp_path / "layer" / "python" / "new.py").write_text("")
    assert (opt / "python" / "new.py").is_file()


async def test_a_layer_may_be_an_archive(deployed: Deploy, written: Callable[[str], Path], tmp_path: Path) -> None:
    """As those are that are uploaded."""
    shutil.make_archive(str(tmp_path / "layer"), "zip", TEMPLATES / "layers" / "first")
    opt = opt_of(await deployed(written(ONE_LAYER.replace("CONTENT", "layer.zip"))))
    assert (opt / "python" / "shared" / "both.py").is_file()


async def test_a_layer_whose_content_is_elsewhere_is_named(deployed: Deploy, written: Callable[[str], Path]) -> None:
    """The function runs without it."""
    deployment = await deployed(written(ONE_LAYER.replace("CONTENT", "{S3Bucket: theirs, S3Key: layer.zip}")))
    (function,) = deployment.functions
    (notice,) = deployment.notices
    assert function.opt is None
    assert notice.startswith("Not added: the layer Layer: its code is not on this machine")


async def test_what_cannot_come_from_a_layer_is_named(
    deployed: Deploy, written: Callable[[str], Path], tmp_path: Path
) -> None:
    """One without a folder that Lambda looks into, and one with extensions."""
    (tmp_path / "layer" / "extensions").mkdir(parents=True)
    deployment = await deployed(written(ONE_LAYER.replace("CONTENT", "layer")))
    assert deployment.notices == (
        "Nothing to import in the layer Layer: it has no folder `python`",
        "Not emulated: the extensions in the layer Layer",
    )
