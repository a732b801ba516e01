"""A small project: a template with one two-way function, and its code."""

import textwrap
from pathlib import Path

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: echo, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: dev}
  Default:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: $default
      RouteResponseSelectionExpression: $default
      Target: !Sub integrations/${Integration}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt EchoFunction.Arn}
  # As on AWS, a two-way route needs one besides its expression.
  RouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Api, RouteId: !Ref Default, RouteResponseKey: $default}
  Permission:
    Type: AWS::Lambda::Permission
    Properties: {Action: lambda:InvokeFunction, FunctionName: !Ref EchoFunction, Principal: apigateway.amazonaws.com}
  EchoFunction:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.13, Timeout: 30}
"""


class Project:
    """The files of the project, which a test edits."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder = folder
        self.template = folder / "template.yaml"
        self.code = folder / "src" / "app.py"
        self.template.write_text(TEMPLATE, encoding="utf-8")
        self.code.parent.mkdir()
        self.edit(source)

    def edit(self, source: str) -> None:
        """Replace the function's code."""
        self.code.write_text(textwrap.dedent(source), encoding="utf-8")


def answering(text: str) -> str:
    """Return the code of a function that answers every message with `text`."""
    return f"def handler(event, context): return {{'statusCode': 200, 'body': {text!r}}}\n"
