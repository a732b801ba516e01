"""What moto's DynamoDB (5.2) needs to hold a room of thousands.

For each page of a query moto sorts all items of the table, by comparisons that parse both keys anew: a page of 1,000
out of 20,000 takes a second. Here it is given the items that the page can be made of.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from inspect import signature
from operator import itemgetter
from typing import Any

from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table


def install() -> None:
    """Extend moto; to be called once."""
    Table.query = _of_one_partition(Table.query)  # type: ignore[method-assign]


def _of_one_partition(query: Callable[..., Any]) -> Callable[..., Any]:
    parameters = signature(query)

    def of_one_partition(table: Table, *args: Any, **more: Any) -> Any:
        given = parameters.bind(table, *args, **more).arguments
        if given.get("index_name") or not table.range_key_attr:
            return query(table, *args, **more)
        candidates = _candidates(table, given)
        # DynamoDB's requests are taken in turn (moto_app), so nobody else sees the table like this.
        table.all_items = lambda: candidates  # type: ignore[method-assign]
        try:
            return query(table, *args, **more)
        finally:
            del table.all_items

    return of_one_partition


def _candidates(table: Table, given: dict[str, Any]) -> list[Item]:
    """Return the items of the partition; of those with texts as sort keys, the ones that the page is made of."""
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
        # And one more, by which moto knows that the page is not the last.
        wanted = given["limit"] + 1
        by_text = by_text[:wanted] if forward else by_text[-wanted:]
    return [item for _, item in by_text]
