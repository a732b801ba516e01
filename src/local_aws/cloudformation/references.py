"""Checks the references of a template before moto sees it: moto ignores wrong ones, or never returns."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from local_aws.cloudformation.documents import Template
from local_aws.cloudformation.intrinsics import conditions_used, references, unresolved
from local_aws.errors import TemplateError


def check(template: Template) -> None:
    """Check a normalised template.

    Raises:
        TemplateError: a reference has no target, resources refer to each other in a circle, or moto does not know an
            intrinsic function.

    """
    resources: dict[str, Any] = template["Resources"]
    known = resources.keys() | template.get("Parameters", {}).keys()
    for where, value in _parts(template):
        for name in references(value):
            if name not in known:
                raise TemplateError(where, f"refers to {name}, which the template does not define")
        for name in conditions_used(value):
            _defined(name, where, template)
        for name in unresolved(value):
            raise TemplateError(where, f"{name} cannot be resolved here")
    for logical_id, resource in resources.items():
        if "Condition" in resource:
            _defined(resource["Condition"], logical_id, template)
        for name in _depends_on(resource):
            if name not in resources:
                raise TemplateError(logical_id, f"depends on {name}, which the template does not define")
    _no_circle(resources)


def _parts(template: Template) -> Iterator[tuple[str, Any]]:
    for logical_id, resource in template["Resources"].items():
        yield logical_id, resource.get("Properties", {})
    for name, condition in template.get("Conditions", {}).items():
        yield f"Conditions/{name}", condition
    for name, output in template.get("Outputs", {}).items():
        if not isinstance(output, dict) or output.get("Value") is None:
            raise TemplateError(f"Outputs/{name}", "an output needs a Value")
        yield f"Outputs/{name}", [output["Value"], output.get("Export")]
        if "Condition" in output:
            _defined(output["Condition"], f"Outputs/{name}", template)


def _defined(condition: str, where: str, template: Template) -> None:
    if condition not in template.get("Conditions", {}):
        raise TemplateError(where, f"refers to the condition {condition}, which the template does not define")


def _depends_on(resource: dict[str, Any]) -> list[str]:
    named = resource.get("DependsOn", [])
    return [named] if isinstance(named, str) else named


def _no_circle(resources: dict[str, Any]) -> None:
    graph = {
        logical_id: {*references(resource.get("Properties", {})), *_depends_on(resource)} & resources.keys()
        for logical_id, resource in resources.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as exc:
        circle = exc.args[1]
        raise TemplateError(circle[0], f"circular reference: {' -> '.join(reversed(circle))}") from exc
