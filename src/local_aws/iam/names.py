"""What is created, in the words of the template that created it: pure."""

import re
from collections.abc import Mapping

PhysicalIds = Mapping[str, str]
"""Logical ids, after those of the nested stacks (`Api/ConnectRole`), by what `Ref` returns."""


def folder(path: str) -> str:
    """Return the nested stack of a logical id, as `Api/`; empty for the master stack."""
    return path[: path.rfind("/") + 1]


def as_template(arn: str, *, ids: PhysicalIds, inside: str) -> str:
    """Return an ARN as YAML that can stand in the template of the nested stack `inside`.

    What that template creates is referred to by its logical id; what another one creates keeps its name, since only
    the person knows by which parameter the template learns it.
    """
    parts = arn.split(":", 5)
    if folder(ids.get(arn, "/")) == inside:
        return f"!Ref {ids[arn][len(inside) :]}"
    if len(parts) < 6:
        return f'"{arn}"'
    pseudo = ("", "AWS::Partition", "", "AWS::Region", "AWS::AccountId")
    head = [f"${{{name}}}" if name and part else part for part, name in zip(parts, pseudo, strict=False)]
    rest = [_segment(each, ids, inside) for each in re.split("([:/])", parts[5])]
    return f'!Sub "{":".join(head)}:{"".join(rest)}"'


def _segment(text: str, ids: PhysicalIds, inside: str) -> str:
    path = ids.get(text, "")
    return f"${{{path[len(inside) :]}}}" if path and folder(path) == inside else text
