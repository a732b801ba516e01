"""Conditions and rules that the parameters decide, before anything is created."""

from typing import Any

import pytest

from local_aws.cloudformation.conditions import check_rules, leave_out
from local_aws.errors import TemplateError

KIND = {"Ref": "Kind"}
IS_A = {"Fn::Equals": [KIND, "a"]}
IS_UNKNOWN = {"Fn::Equals": [{"Fn::GetAtt": ["R", "Arn"]}, "a"]}
NO_VALUE = {"Ref": "AWS::NoValue"}

DECIDED: dict[str, tuple[Any, bool]] = {
    "equal": (IS_A, True),
    "different": ({"Fn::Equals": [KIND, "b"]}, False),
    "joined": ({"Fn::Equals": [{"Fn::Join": ["-", [KIND, "x"]]}, "a-x"]}, True),
    "not": ({"Fn::Not": [IS_A]}, False),
    "and": ({"Fn::And": [IS_A, {"Fn::Not": [IS_A]}]}, False),
    "and of an unknown": ({"Fn::And": [IS_UNKNOWN, {"Fn::Not": [IS_A]}]}, False),
    "or": ({"Fn::Or": [IS_A, {"Fn::Not": [IS_A]}]}, True),
    "or of no true one": ({"Fn::Or": [{"Fn::Not": [IS_A]}, {"Fn::Not": [IS_A]}]}, False),
    "another condition": ({"Condition": "No"}, False),
    "unknown": (IS_UNKNOWN, True),
    "join with an unknown": ({"Fn::Equals": [{"Fn::Join": ["", [{"Ref": "R"}]]}, "a"]}, True),
    "or of an unknown": ({"Fn::Or": [IS_UNKNOWN, {"Fn::Not": [IS_A]}]}, True),
}


@pytest.mark.parametrize(("condition", "is_kept"), DECIDED.values(), ids=DECIDED)
def test_resource_is_left_out_where_its_condition_is_known_to_be_false(condition: Any, is_kept: bool) -> None:
    """One that is not known yet is for the embedded AWS to decide."""
    conditions = {"C": condition, "No": {"Fn::Not": [IS_A]}}
    template = {"Conditions": conditions, "Resources": {"R": {"Type": "T", "Condition": "C"}, "Other": {"Type": "T"}}}

    leave_out(template, {"Kind": "a"})

    assert list(template["Resources"]) == (["R", "Other"] if is_kept else ["Other"])


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        ({"Fn::If": ["Yes", 1, NO_VALUE]}, True),
        ({"Fn::If": ["No", 1, NO_VALUE]}, False),
        ({"Fn::If": ["Yes", NO_VALUE, 1]}, False),
        ({"Fn::If": ["Yes", {"Fn::If": ["No", 1, NO_VALUE]}, 1]}, False),
        ({"Fn::If": ["Unknown", 1, NO_VALUE]}, True),
        (NO_VALUE, False),
        ([NO_VALUE], True),
    ],
)
def test_property_is_left_out_where_it_is_known_to_be_none(value: Any, is_kept: bool) -> None:
    """Nobody is told that a property has no effect which the template does not have."""
    conditions = {"Yes": IS_A, "No": {"Fn::Not": [IS_A]}, "Unknown": IS_UNKNOWN}
    resource: dict[str, Any] = {"Type": "T", "Properties": {"P": value, "Q": 1}}

    leave_out({"Conditions": conditions, "Resources": {"R": resource}}, {"Kind": "a"})

    assert list(resource["Properties"]) == (["P", "Q"] if is_kept else ["Q"])


def rule(assertion: Any, *, condition: Any = IS_A) -> dict[str, Any]:
    """Return a template with one rule, which the parameters come under by `condition`."""
    assertions = [{"Assert": assertion, "AssertDescription": "Kind must be b."}]
    return {"Resources": {}, "Rules": {"Rule": {"RuleCondition": condition, "Assertions": assertions}}}


@pytest.mark.parametrize(
    "assertion",
    [{"Fn::Equals": [KIND, "b"]}, {"Fn::Contains": [["b", "c"], KIND]}, {"Fn::Not": [{"Fn::Contains": [["a"], KIND]}]}],
)
def test_parameters_that_break_a_rule_are_refused_in_its_words(assertion: Any) -> None:
    """As CloudFormation does before it creates anything."""
    with pytest.raises(TemplateError, match="Rules/Rule: Kind must be b"):
        check_rules(rule(assertion), {"Kind": "a"})


@pytest.mark.parametrize(
    "template",
    [
        rule(IS_A),
        rule({"Fn::Contains": [["x", "a"], KIND]}),
        rule({"Fn::Equals": [KIND, "b"]}, condition={"Fn::Equals": [KIND, "c"]}),
        rule({"Fn::EachMemberIn": [["x"], ["y"]]}),
        {"Resources": {}, "Rules": {"Rule": {"Assertions": [{"Assert": IS_A}]}}},
        {"Resources": {}},
    ],
)
def test_parameters_that_keep_the_rules_are_taken(template: dict[str, Any]) -> None:
    """Where a rule asks for what is not known here, nothing is refused for it."""
    check_rules(template, {"Kind": "a"})
