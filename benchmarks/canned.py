"""Canned answers of DynamoDB for the benchmarks: always the same for an operation, in one page.

DynamoDB would return one page as well: 10,000 members are less than the 1 MB at which it ends a page.
"""

import json
from collections.abc import Sequence
from typing import Any

from chat_core import LOBBY


def answers(connection_ids: Sequence[str], *, table: str, sender: str) -> dict[str, bytes]:
    """Return the response body of each operation that our functions and their peers use.

    Args:
        connection_ids: the members of the room.
        table: the table's name.
        sender: the connection that the events come from.

    """
    item = _connection(sender)
    documents = {
        "Query": _page([_member(each) for each in connection_ids]),
        # The samples' table has the connection as its key, and their scan reads nothing else.
        "Scan": _page([{"connectionId": {"S": each}} for each in connection_ids]),
        "GetItem": {"Item": item},
        "BatchGetItem": {"Responses": {table: [item]}, "UnprocessedKeys": {}},
        "BatchWriteItem": {"UnprocessedItems": {}},
        "PutItem": {},
        "UpdateItem": {"Attributes": item},
        "DeleteItem": {},
        "TransactWriteItems": {},
    }
    return {name: json.dumps(document, separators=(",", ":")).encode() for name, document in documents.items()}


def _page(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Count": len(items), "Items": items, "ScannedCount": len(items)}


def _member(connection_id: str) -> dict[str, Any]:
    """Return the attributes of a room's member that our query reads."""
    return {"sk": {"S": connection_id}, "format": {"S": "plain"}}


def _connection(connection_id: str) -> dict[str, Any]:
    return {
        "pk": {"S": f"connection#{connection_id}"},
        "sk": {"S": "connection"},
        "format": {"S": "plain"},
        "expires_at": {"N": "1731324924"},
        "rooms": {"SS": [LOBBY]},
    }
