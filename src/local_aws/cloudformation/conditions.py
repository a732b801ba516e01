"""Evaluates the conditions and rules of a template, as far as its parameters decide them.

Sources: CloudFormation user guide, "CloudFormation template Conditions syntax", "CloudFormation template Rules syntax"
and "Rule-specific intrinsic functions".
"""

from collections.abc import Mapping
from typing import Any

from local_aws.cloudformation.documents import Template
from local_aws.errors import TemplateError


def leave_out(template: Template, known: Mapping[str, str]) -> None:
    """Remove resources whose condition is known to be false from a normalised template, in place.

    moto would leave them out as well, but only after everything in them was prepared, their nested templates included.
    Properties that are known to be `AWS::NoValue` are removed too, so that no notice names them.
    """
    conditions: Mapping[str, Any] = template.get("Conditions", {})
    for logical_id, resource in list(template["Resources"].items()):
        if _truth({"Condition": resource.get("Condition")}, conditions, known) is False:
            del template["Resources"][logical_id]
            continue
        properties = resource.get("Properties", {})
        for name, value in list(properties.items()):
            if _is_no_value(value, conditions, known):
                del properties[name]


def _is_no_value(value: Any, conditions: Mapping[str, Any], known: Mapping[str, str]) -> bool:
    match value:
        case {"Fn::If": [str(name), then, otherwise]}:
            truth = _truth({"Condition": name}, conditions, known)
            return truth is not None and _is_no_value(then if truth else otherwise, conditions, known)
    return bool(value == {"Ref": "AWS::NoValue"})


def check_rules(template: Template, known: Mapping[str, str]) -> None:
    """Check the parameters of a normalised template against its rules.

    Raises:
        TemplateError: one of its assertions fails.

    """
    for name, rule in template.get("Rules", {}).items():
        if "RuleCondition" in rule and _truth(rule["RuleCondition"], {}, known) is not True:
            continue
        for assertion in rule.get("Assertions", []):
            if _truth(assertion["Assert"], {}, known) is False:
                raise TemplateError(f"Rules/{name}", assertion.get("AssertDescription", "the parameters break it"))


def _truth(condition: Any, conditions: Mapping[str, Any], known: Mapping[str, str]) -> bool | None:
    """Return whether a condition holds, or None if that is not known yet."""
    match condition:
        case {"Condition": str(name)}:
            return _truth(conditions.get(name), conditions, known)
        case {"Fn::Not": [operand]}:
            truth = _truth(operand, conditions, known)
            return None if truth is None else not truth
        case {"Fn::And": [*operands]}:
            return _all([_truth(each, conditions, known) for each in operands])
        case {"Fn::Or": [*operands]}:
            none_holds = _all([_truth({"Fn::Not": [each]}, conditions, known) for each in operands])
            return None if none_holds is None else not none_holds
    return _comparison(condition, known)


def _comparison(condition: Any, known: Mapping[str, str]) -> bool | None:
    match condition:
        case {"Fn::Equals": [left, right]}:
            options = [left]
        case {"Fn::Contains": [[*options], right]}:
            pass
        case _:
            return None
    wanted = _value(right, known)
    values = [_value(each, known) for each in options]
    if wanted is None or wanted in values:
        return None if wanted is None else True
    return None if None in values else False


def _all(truths: list[bool | None]) -> bool | None:
    if False in truths:
        return False
    return None if None in truths else True


def _value(operand: Any, known: Mapping[str, str]) -> str | None:
    match operand:
        case str():
            return operand
        case {"Ref": str(name)}:
            return known.get(name)
        case {"Fn::Join": [str(separator), [*parts]]}:
            values = [_value(each, known) for each in parts]
            return None if None in values else separator.join(each for each in values if each is not None)
    return None
