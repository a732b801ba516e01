"""Prepares a template and its nested templates for the embedded AWS."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_aws.cloudformation import code, conditions, documents, parameters, references, sam
from local_aws.cloudformation.documents import Template
from local_aws.cloudformation.intrinsics import normalised, text
from local_aws.errors import TemplateError, nested_in

TEMPLATE_BUCKET = "local-templates"

_STACK = "AWS::CloudFormation::Stack"
_SAM_APPLICATION = "AWS::Serverless::Application"
_SAM_FUNCTION = "AWS::Serverless::Function"
_REMOTE = ("https://", "http://", "s3://")


@dataclass(kw_only=True)
class Prepared:
    """The input of the embedded AWS."""

    bodies: dict[str, Template] = field(default_factory=dict)
    """The templates, by their keys in the bucket. The key of the master template is `MASTER`."""
    parameters: dict[str, str] = field(default_factory=dict)
    """The value of every parameter of the master template."""
    folders: code.CodeFolders = field(default_factory=code.CodeFolders)
    files: set[Path] = field(default_factory=set)
    """The files of the templates."""
    notices: list[str] = field(default_factory=list)
    """Notices about parts of SAM resources that leave no resource behind."""


MASTER = "master"


def prepare(path: Path, *, given: Mapping[str, str], region: str) -> Prepared:
    """Read and prepare the template and its nested templates.

    Args:
        path: The master template.
        given: Values of its parameters.
        region: The region to deploy to.

    Raises:
        TemplateError: the template cannot be deployed.

    """
    preparation = _Preparation(region)
    preparation.prepared.parameters = preparation.add(path, given, MASTER, nesting=())
    return preparation.prepared


class _Preparation:
    def __init__(self, region: str) -> None:
        self._region = region
        self.prepared = Prepared()

    def add(self, path: Path, given: Mapping[str, Any], key: str, *, nesting: tuple[Path, ...]) -> parameters.Values:
        """Prepare one template and its nested templates; return the values of its parameters."""
        path = path.resolve()
        if path in nesting:
            raise TemplateError(None, f"{path} nests itself")
        self.prepared.files.add(path)
        template = documents.read(path)
        values = parameters.values(template, given)
        code.package(template, path.parent, self.prepared.folders)
        _no_remote_applications(template)
        self.prepared.notices += _skills(template, inside=f"{key}/".removeprefix(f"{MASTER}/"))
        known = {name: value for name, value in values.items() if isinstance(value, str)}
        template = resources_alone(template, known, self._region)
        self._nest(template, known, path, key, nesting)
        self.prepared.bodies[key] = template
        return values

    def _nest(
        self, template: Template, known: Mapping[str, str], path: Path, key: str, nesting: tuple[Path, ...]
    ) -> None:
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] == _STACK:
                with nested_in(logical_id):
                    self._add_nested(resource["Properties"], known, path, f"{key}/{logical_id}", nesting)

    def _add_nested(
        self, properties: dict[str, Any], known: Mapping[str, str], path: Path, key: str, nesting: tuple[Path, ...]
    ) -> None:
        url = properties.get("TemplateURL")
        if not isinstance(url, str) or url.startswith(_REMOTE):
            raise TemplateError(None, f"its template is not on this machine: {url}")
        given = properties.get("Parameters") or {}
        early = {name: _resolved(value, known) for name, value in given.items()}
        values = self.add(path.parent / url, early, key, nesting=(*nesting, path))
        # With defaults: moto does not split the default of a list.
        properties["Parameters"] = values
        properties["TemplateURL"] = f"https://s3.amazonaws.com/{TEMPLATE_BUCKET}/{key}"


def resources_alone(template: Template, known: Mapping[str, str], region: str) -> Template:
    """Return the template without transforms, without resources whose condition is false, and normalised.

    Args:
        template: The template, with its code replaced by keys.
        known: The parameters whose values are known.
        region: The region to deploy to.

    Raises:
        TemplateError: the template cannot be deployed.

    """
    template = _with_texts(normalised(sam.expand(template, known=known, region=region)))
    references.check(template)
    conditions.check_rules(template, known)
    conditions.leave_out(template, known)
    return template


def _resolved(value: Any, known: Mapping[str, str]) -> Any:
    """Return the text that is passed to a parameter, if it is known before anything is created."""
    match value:
        case {"Ref": str(name)} if name in known:
            return known[name]
    return text(value)


def _no_remote_applications(template: Template) -> None:
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == _SAM_APPLICATION and not isinstance(resource["Properties"].get("Location"), str):
            raise TemplateError(logical_id, "the Serverless Application Repository cannot be reached from here")


def _skills(template: Template, *, inside: str) -> Iterator[str]:
    """Yield a notice for each event that SAM turns into a permission alone."""
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == _SAM_FUNCTION:
            for name, event in (resource["Properties"].get("Events") or {}).items():
                if event.get("Type") == "AlexaSkill":
                    yield f"Not emulated: the event {name} of type AlexaSkill: {inside}{logical_id}"


def _with_texts(template: Template) -> Template:
    """Return a copy whose parameters have texts as defaults, not the numbers or dates that YAML makes of them."""
    template = copy.deepcopy(template)
    for declaration in template.get("Parameters", {}).values():
        if str(declaration.get("Type")).startswith("AWS::SSM::Parameter::"):
            declaration["Type"] = "String"
        if "Default" in declaration:
            declaration["Default"] = text(declaration["Default"])
    return template
