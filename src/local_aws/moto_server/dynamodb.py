"""Makes queries of moto's DynamoDB (5.2) fast enough for rooms of thousands.

For each page of a query, moto sorts all items of the table, and parses both keys in each comparison: a page of 1,000
out of 20,000 takes a second. Here it gets only the items that can be on the page. It then converts each item of a
projection to JSON and back, and tries every type for each attribute of a response: 300 us for an item with two texts.
Here the attributes are picked, and written with the one type that they have: 40 us.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from inspect import signature
from operator import itemgetter
from typing import Any

from botocore.model import Shape
from moto.core.serialize import JSONSerializer
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

_TEXTS = frozenset({"S", "N"})
"""The attribute types whose values are texts in JSON and in moto."""


def install() -> None:
    """Extend moto; to be called once."""
    Table.query = _of_one_partition(Table.query)  # type: ignore[method-assign]
    Item.project = _by_name(Item.project)  # type: ignore[assignment,method-assign]
    # moto has no better place for this.
    JSONSerializer._serialize = _by_type(JSONSerializer._serialize)  # type: ignore[method-assign]  # noqa: SLF001


def _of_one_partition(query: Callable[..., Any]) -> Callable[..., Any]:
    parameters = signature(query)

    def of_one_partition(table: Table, *args: Any, **more: Any) -> Any:
        given = parameters.bind(table, *args, **more).arguments
        if given.get("index_name") or not table.range_key_attr:
            return query(table, *args, **more)
        candidates = _candidates(table, given)
        # Requests to DynamoDB are answered one at a time (app.py), so no other request sees the table in this state.
        table.all_items = lambda: candidates  # type: ignore[method-assign]
        try:
            return query(table, *args, **more)
        finally:
            del table.all_items

    return of_one_partition


def _candidates(table: Table, given: dict[str, Any]) -> list[Item]:
    """Return the items of the partition; if the sort keys are texts, only those that can be on the page."""
    partition = table.items.get(given["hash_key"], {})
    if any(each.type != "S" for each in partition):
        return list(partition.values())
    # DynamoDB orders texts by their UTF-8 (developer guide, "Query"), which is the order of their code points.
    by_text = sorted(((each.value, item) for each, item in partition.items()), key=itemgetter(0))
    texts = [text for text, _ in by_text]
    forward = given.get("scan_index_forward") is not False
    start = (given.get("exclusive_start_key") or {}).get(table.range_key_attr, {}).get("S")
    if start is not None:
        by_text = by_text[bisect_right(texts, start) :] if forward else by_text[: bisect_left(texts, start)]
    if given.get("limit") and not given.get("range_comparison") and not given.get("filter_kwargs"):
        # One more item tells moto that the page is not the last.
        wanted = given["limit"] + 1
        by_text = by_text[:wanted] if forward else by_text[-wanted:]
    return [item for _, item in by_text]


def _by_type(serialize: Callable[..., None]) -> Callable[..., None]:
    def serialize_by_type(
        serializer: JSONSerializer, serialized: dict[str, Any], value: Any, shape: Shape, key: str
    ) -> None:
        if shape.name == "AttributeValue" and len(value) == 1 and not value.keys().isdisjoint(_TEXTS):
            serialized[key] = {kind: str(text) for kind, text in value.items()}
        else:
            serialize(serializer, serialized, value, shape, key)

    return serialize_by_type


def _by_name(project: Callable[[Item, list[list[str]]], Item]) -> Callable[[Item, list[list[str]]], Item]:
    def project_by_name(item: Item, expressions: list[list[str]]) -> Item:
        # An element of a map or a list has a longer path.
        if any(len(path) > 1 or "[" in path[0] for path in expressions):
            return project(item, expressions)
        projected = Item(item.hash_key, item.range_key, {})
        # Without the check of the item's size, which a part of an item always passes.
        dict.update(projected.attrs, {name: item.attrs[name] for (name,) in expressions if name in item.attrs})
        return projected

    return project_by_name
