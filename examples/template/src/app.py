"""The poll's only function, for all of its routes."""

import json
import os

import boto3
from boto3.dynamodb.conditions import Attr

VOTES = "votes"
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    """Answer an event of the WebSocket API."""
    request = event["requestContext"]
    match request["routeKey"]:
        case "$connect":
            table.put_item(Item={"id": request["connectionId"]})
        case "$disconnect":
            table.delete_item(Key={"id": request["connectionId"]})
        case "vote":
            votes = count(str(json.loads(event["body"])["choice"]))
            tell_everybody(f"https://{request['domainName']}/{request['stage']}", votes)
    return {"statusCode": 200}


def count(choice):
    """Count a vote; return the number of votes for each choice."""
    item = table.update_item(
        Key={"id": VOTES},
        UpdateExpression="ADD #choice :one",
        ExpressionAttributeNames={"#choice": choice},
        ExpressionAttributeValues={":one": 1},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    return {name: int(votes) for name, votes in item.items() if name != "id"}


def tell_everybody(endpoint, votes):
    """Post the votes to each connection, and remove those that have gone."""
    management = boto3.client("apigatewaymanagementapi", endpoint_url=endpoint)
    pages = table.meta.client.get_paginator("scan").paginate(
        TableName=table.name, FilterExpression=Attr("id").ne(VOTES)
    )
    for each in (item["id"] for page in pages for item in page["Items"]):
        try:
            management.post_to_connection(ConnectionId=each, Data=json.dumps(votes))
        except management.exceptions.GoneException:
            table.delete_item(Key={"id": each})
