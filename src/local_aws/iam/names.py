"""Names resources as the template does that created them. Pure."""

import re
from collections.abc import Mapping

PhysicalIds = Mapping[str, str]
"""Logical ids with the nested stack's prefix (`Api/ConnectRole`), by the value that `Ref` returns."""


def folder(path: str) -> str:
    """Return the nested stack's prefix of a logical id, such as `Api/`; empty for the master stack."""
    return path[: path.rfind("/") + 1]


def as_template(arn: str, *, ids: PhysicalIds, inside: str) -> str:
    """Return an ARN as YAML for the template of the nested stack `inside`.

    Resources of that template are referred to by their logical ids. Resources of another template keep their names,
    because the parameter that passes them on is not known here.
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
