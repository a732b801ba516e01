"""Alarms, dashboard and budget."""

import json
import re
from typing import Any

import pytest

NAMESPACE = "ServerlessWebSocketChat"

ALARMS = {
    "FunctionErrors": {"AWS/Lambda Errors"},
    "FunctionThrottles": {"AWS/Lambda Throttles"},
    "FailedDeliveries": {f"{NAMESPACE} {name}" for name in ("Delivered", "Failed", "Gone")},
    "SlowHandshakes": {"AWS/Lambda Duration"},
    "SlowMessages": {"AWS/Lambda Duration"},
    "Messages": {"AWS/ApiGateway MessageCount"},
    "GatewayErrors": {"AWS/ApiGateway ExecutionError"},
    "TableThrottles": {"AWS/DynamoDB ReadThrottleEvents", "AWS/DynamoDB WriteThrottleEvents"},
    "AuthorizerUnavailable": {f"{NAMESPACE}/${{Service}} AuthorizerFaults"},
    "SlowFanOut": {"AWS/SQS ApproximateAgeOfOldestMessage"},
    "DeadLetters": {"AWS/SQS ApproximateNumberOfMessagesVisible"},
}
FUNCTIONS = ["ConnectFunction", "DisconnectFunction", "SendMessageFunction", "DefaultFunction", "FanOutFunction"]


def properties(alarms: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the properties of an alarm."""
    resource = alarms["Resources"][name]
    assert resource["Type"] == "AWS::CloudWatch::Alarm"
    return dict(resource["Properties"])


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics of an alarm: its own, or those of its expression, conditional ones included."""
    queries = [each["Fn::If"][1] if "Fn::If" in each else each for each in alarm.get("Metrics", [])]
    stated = [each["MetricStat"]["Metric"] for each in queries if "MetricStat" in each]
    return stated or [alarm]


def name_of(metric: dict[str, Any]) -> str:
    namespace = metric["Namespace"]
    return f"{namespace if isinstance(namespace, str) else namespace['Fn::Sub']} {metric['MetricName']}"


def test_everything_that_goes_wrong_has_its_alarm(alarms: dict[str, Any]) -> None:
    """Each metric of a failure is the input of an alarm."""
    found = [name for name, each in alarms["Resources"].items() if each["Type"] == "AWS::CloudWatch::Alarm"]
    read = {name: {name_of(metric) for metric in metrics(properties(alarms, name))} for name in found}

    assert read == ALARMS


@pytest.mark.parametrize("name", ALARMS)
def test_alarm_tells_somebody_when_it_goes_off_and_when_it_is_over(alarms: dict[str, Any], name: str) -> None:
    """The description is a sentence, and missing data is no alarm: an unused chat is healthy."""
    alarm = properties(alarms, name)

    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "Topic"}]
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmDescription"].endswith(".")
    assert "AlarmName" not in alarm


@pytest.mark.parametrize("name", ["FunctionErrors", "FunctionThrottles"])
def test_functions_are_watched_all_together(alarms: dict[str, Any], api: dict[str, Any], name: str) -> None:
    """One alarm covers all of them; the dashboard shows them separately."""
    watched = [metric["Dimensions"][0]["Value"]["Ref"] for metric in metrics(properties(alarms, name))]

    assert watched == [*FUNCTIONS, "KeepAliveFunction"]
    assert set(watched) <= set(api["Outputs"])


def test_messages_of_both_protocols_may_be_slow(alarms: dict[str, Any]) -> None:
    """They come in by two routes."""
    watched = [metric["Dimensions"][0]["Value"]["Ref"] for metric in metrics(properties(alarms, "SlowMessages"))]

    assert watched == ["SendMessageFunction", "DefaultFunction"]


@pytest.mark.parametrize("name", ["FunctionErrors", "FunctionThrottles"])
def test_function_that_a_deploy_leaves_out_is_not_watched(alarms: dict[str, Any], name: str) -> None:
    """CloudWatch refuses a metric whose function has no name."""
    conditional = [each["Fn::If"] for each in properties(alarms, name)["Metrics"] if "Fn::If" in each]

    assert [(condition, without) for condition, _, without in conditional] == [("KeepsAlive", {"Ref": "AWS::NoValue"})]
    assert alarms["Conditions"]["KeepsAlive"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "KeepAliveFunction"}, ""]}]}


def test_errors_of_the_authorizer_are_no_alarm_but_its_faults_are(alarms: dict[str, Any]) -> None:
    """Lambda counts each 401 as an error, and any client can cause those."""
    pattern = alarms["Resources"]["AuthorizerFaults"]["Properties"]["FilterPattern"]

    assert pattern == '{ $.level = "ERROR" && $.message = "cannot verify tokens*" }'
    assert alarms["Resources"]["AuthorizerUnavailable"]["Condition"] == "Authorizes"


def test_what_costs_by_the_message_is_told_within_the_hour(master: dict[str, Any], alarms: dict[str, Any]) -> None:
    """The threshold is a number of messages, whose price the owner knows; a budget lags by hours."""
    alarm = properties(alarms, "Messages")
    result, messages = alarm["Metrics"]

    assert alarm["Threshold"] == {"Ref": "AlarmMessagesPerHour"}
    assert result["Expression"] == f"{3600 // messages['MetricStat']['Period']} * messages"
    assert alarm["EvaluationPeriods"] * messages["MetricStat"]["Period"] <= 3600
    assert master["Parameters"]["AlarmMessagesPerHour"]["Default"] <= 1_000_000


def test_budget_is_made_where_somebody_asks_for_one_and_can_be_told(
    master: dict[str, Any], budget: dict[str, Any]
) -> None:
    """Some regions have no budgets: a template that is deployed without one must not have the type."""
    resource = budget["Resources"]["Budget"]["Properties"]
    told = [each for one in resource["NotificationsWithSubscribers"] for each in one["Subscribers"]]

    assert master["Parameters"]["MonthlyBudget"]["Default"] == 0
    assert master["Resources"]["Budget"]["Condition"] == "HasBudget"
    assert master["Conditions"]["HasBudget"] == {
        "Fn::And": [{"Condition": "Watches"}, {"Fn::Not": [{"Fn::Equals": [{"Ref": "MonthlyBudget"}, 0]}]}]
    }
    assert resource["Budget"]["BudgetLimit"] == {"Amount": {"Ref": "MonthlyBudget"}, "Unit": "USD"}
    assert {json.dumps(each) for each in told} == {
        json.dumps({"SubscriptionType": "EMAIL", "Address": {"Ref": "AlarmEmail"}})
    }


def test_budget_with_another_address_has_another_name(budget: dict[str, Any]) -> None:
    """CloudFormation replaces the budget, and creates the new one while the old one still has its name."""
    assert "${AlarmEmail}" in budget["Resources"]["Budget"]["Properties"]["Budget"]["BudgetName"]["Fn::Sub"]


def test_alarms_come_with_somebody_to_tell(master: dict[str, Any], alarms: dict[str, Any]) -> None:
    """Without a recipient there are no alarms, and no costs."""
    assert master["Parameters"]["AlarmEmail"]["Default"] == ""
    assert {master["Resources"][name]["Condition"] for name in ("Alarms", "Dashboard")} == {"Watches"}
    assert alarms["Resources"]["Mail"]["Properties"]["Endpoint"] == {"Ref": "AlarmEmail"}


def body(dashboard: dict[str, Any], conditions: set[str]) -> Any:
    """Return the dashboard's body where these conditions hold, with names in place of parameters."""
    text, parts = dashboard["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    for name, part in parts.items():
        condition, widget, absent = part["Fn::If"]
        text = text.replace(f"${{{name}}}", widget["Fn::Sub"] if condition in conditions else absent)
    return json.loads(re.sub(r"\$\{([\w:]+)\}", r"a-\1", text))


@pytest.mark.parametrize("conditions", [{"KeepsAlive", "HandsOn"}, {"KeepsAlive"}, {"HandsOn"}, set()])
def test_dashboard_is_json_of_widgets_that_each_name_their_metrics(
    dashboard: dict[str, Any], conditions: set[str]
) -> None:
    """CloudWatch would reject a malformed dashboard only during a deploy."""
    widgets = body(dashboard, conditions)["widgets"]

    assert len(widgets) == 8 + len(conditions)
    for widget in widgets:
        assert widget["properties"]["region"] == "a-AWS::Region"
        assert widget["properties"]["title"]
        assert all(
            len([part for part in line if isinstance(part, str)]) >= 2 for line in widget["properties"]["metrics"]
        )


@pytest.mark.parametrize("template", ["alarms", "budget", "dashboard"])
def test_nothing_that_is_handed_in_is_left_unused(request: pytest.FixtureRequest, template: str) -> None:
    """A metric with a misspelled name would stay empty, without an error."""
    read: dict[str, Any] = request.getfixturevalue(template)
    text = json.dumps({part: read[part] for part in ("Conditions", "Resources") if part in read})

    unused = [name for name in read["Parameters"] if f'"Ref": "{name}"' not in text and f"${{{name}}}" not in text]
    assert unused == []
