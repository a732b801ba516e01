"""The values of a template's parameters, checked against their declarations.

Source: CloudFormation user guide, "CloudFormation template Parameters syntax".
"""

import re
from collections.abc import Mapping
from typing import Any

from local_aws.cloudformation.documents import Template
from local_aws.cloudformation.intrinsics import text
from local_aws.errors import TemplateError

Values = dict[str, Any]
"""The text of each parameter. A nested stack's may also be a function that is resolved when its parent is created."""


def values(template: Template, given: Mapping[str, Any]) -> Values:
    """Return the value of every parameter: the given one, or its default.

    Raises:
        TemplateError: a given parameter does not exist, a parameter has no value, or a value is not allowed.

    """
    declared: dict[str, Any] = template.get("Parameters", {})
    for name in given:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise TemplateError(None, f"there is no parameter {name} (the template has {known})")
    return {name: _value(name, declaration, given.get(name)) for name, declaration in declared.items()}


def _value(name: str, declaration: dict[str, Any], given: Any) -> Any:
    value = text(declaration.get("Default") if given is None else given)
    if value is None:
        raise TemplateError(None, f"the parameter {name} has no default, and no value was given")
    if str(declaration.get("Type", "")).startswith("AWS::SSM::Parameter::") and given is None:
        raise TemplateError(
            None, f"the parameter {name} is read from Parameter Store, which is empty here: give its value"
        )
    if isinstance(value, str):
        reason = _refusal(value, declaration)
        if reason:
            told = declaration.get("ConstraintDescription")
            shown = "the value given" if declaration.get("NoEcho") else repr(value)
            raise TemplateError(None, f"the parameter {name} cannot be {shown}: {reason}{f' ({told})' if told else ''}")
    return value


def _refusal(value: str, declaration: dict[str, Any]) -> str | None:
    """Return why the value is not allowed, or None if it is."""
    kind = declaration.get("Type", "String")
    is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
    for each in value.split(",") if is_list else [value]:
        reason = _element_refusal(each.strip() if is_list else each, declaration)
        if reason:
            return reason
    return None


def _element_refusal(value: str, declaration: dict[str, Any]) -> str | None:
    allowed = [text(each) for each in declaration.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"allowed are {', '.join(allowed)}"
    pattern = declaration.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, value):
        return f"it has to match {pattern}"
    if declaration.get("Type") in {"Number", "List<Number>"}:
        return _number_refusal(value, declaration)
    if len(value) < int(declaration.get("MinLength", 0)):
        return f"it needs {declaration['MinLength']} characters"
    if "MaxLength" in declaration and len(value) > int(declaration["MaxLength"]):
        return f"it may have {declaration['MaxLength']} characters"
    return None


def _number_refusal(value: str, declaration: dict[str, Any]) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "it has to be a number"
    if "MinValue" in declaration and number < float(declaration["MinValue"]):
        return f"the least is {declaration['MinValue']}"
    if "MaxValue" in declaration and number > float(declaration["MaxValue"]):
        return f"the most is {declaration['MaxValue']}"
    return None
