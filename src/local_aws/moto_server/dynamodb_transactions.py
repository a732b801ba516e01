"""Makes transactions of moto's DynamoDB (5.2) cost what they write, not what the table holds.

Before each `TransactWriteItems`, moto copies all items of its tables, to restore them if the transaction is cancelled:
opening 500 connections at once took 12 s, nearly all of it for that. Here only the items of the transaction are copied.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

from moto.dynamodb.exceptions import MockValidationException, ResourceNotFoundException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import StreamShard, Table

Restore = Callable[[], None]


def install() -> None:
    """Extend moto; to be called once."""
    DynamoDBBackend.transact_write_items = _copying_its_items(  # type: ignore[method-assign]
        DynamoDBBackend.transact_write_items
    )


def _copying_its_items(transact: Callable[..., None]) -> Callable[..., None]:
    def transact_write_items(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        restores = [each for item in transact_items for each in _snapshots(backend, item)]
        # Requests to DynamoDB are answered one at a time (app.py), so no other request copies a table meanwhile.
        Table.__deepcopy__ = _itself  # type: ignore[attr-defined]
        try:
            transact(backend, transact_items)
        except Exception:
            for restore in reversed(restores):
                restore()
            raise
        finally:
            del Table.__deepcopy__  # type: ignore[attr-defined]

    return transact_write_items


def _itself(table: Table, _memo: dict[int, Any]) -> Table:
    return table


def _snapshots(backend: DynamoDBBackend, transact_item: Mapping[str, Any]) -> Iterable[Restore]:
    """Yield what restores the item that a part of a transaction writes. A malformed part writes nothing."""
    for write in transact_item.values():
        try:
            table = backend.get_table(write["TableName"])
            attributes = write.get("Key") or write["Item"]
            hash_key = DynamoType(attributes[table.hash_key_attr])
            range_key = DynamoType(attributes[table.range_key_attr]) if table.range_key_attr else None
        except (AttributeError, KeyError, TypeError, MockValidationException, ResourceNotFoundException):
            continue
        if table.stream_shard is not None:
            yield _snapshot_of_stream(table.stream_shard)
        yield _snapshot(table, hash_key, range_key)


def _snapshot(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Restore:
    items: dict[Any, Any] = table.items
    if range_key is None or hash_key not in items:
        return _restoring(items, hash_key)
    return _restoring(items[hash_key], range_key)


def _restoring(items: dict[Any, Any], key: DynamoType) -> Restore:
    before = deepcopy(items.get(key))

    def restore() -> None:
        if before is None:
            items.pop(key, None)
        else:
            items[key] = before

    return restore


def _snapshot_of_stream(stream: StreamShard) -> Restore:
    records = len(stream.items)

    def restore() -> None:
        del stream.items[records:]

    return restore
