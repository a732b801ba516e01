"""Parses templates: YAML or JSON, with the short forms of CloudFormation's functions (`!Ref`)."""

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from samtranslator.yaml_helper import intrinsics_multi_constructor

from local_aws.cloudformation import bounds
from local_aws.errors import TemplateError

Template = dict[str, Any]

# libyaml parses ten times as fast as pure Python. PyYAML can be built without it.
_FastestLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_FastestLoader):  # type: ignore[misc]
    """Reads YAML as CloudFormation does: no dates, and no duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys: set[str] = set()
        for key, _ in node.value:
            if key.value in keys and key.value != "<<":
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is there twice", key.start_mark)
            if isinstance(key, yaml.ScalarNode):
                keys.add(key.value)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def _short(construct: Callable[[Any, yaml.ScalarNode], float]) -> Callable[[Any, yaml.ScalarNode], float]:
    """Read a number unless it is too long: Python refuses long ones, and YAML's base-60 numbers take hours."""

    def construct_short(loader: Any, node: yaml.ScalarNode) -> float:
        if len(node.value) > bounds.LONGEST_NUMBER:
            problem = f"a number of more than {bounds.LONGEST_NUMBER} characters"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return construct(loader, node)

    return construct_short


_Loader.add_constructor("tag:yaml.org,2002:int", _short(_Loader.construct_yaml_int))
_Loader.add_constructor("tag:yaml.org,2002:float", _short(_Loader.construct_yaml_float))
_Loader.add_multi_constructor("!", intrinsics_multi_constructor)
# `Version: 2012-10-17` in a policy is a text that looks like a date.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_str)


def read(path: Path) -> Template:
    """Read a template, with the functions in their long form.

    Raises:
        TemplateError: the file does not exist, or is not a template.

    """
    try:
        if path.stat().st_size > bounds.MOST_BYTES:
            raise TemplateError(None, f"{path}: larger than the {bounds.MOST_BYTES:,} bytes that CloudFormation takes")
        document = path.read_text(encoding="utf-8")
    except OSError as exc:
        raise TemplateError(None, f"{path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise TemplateError(None, f"{path}: not a text file in UTF-8") from exc
    return parse(document, path)


def parse(document: str, path: Path) -> Template:
    """Parse a template; `path` names it in errors.

    Raises:
        TemplateError: the document is not a template.

    """
    try:
        bounds.check(yaml.parse(document, Loader=_Loader))
        # A JSON document is a YAML document, except for tabs, which templates have in strings alone.
        template = yaml.load(document, Loader=_Loader)  # noqa: S506 - a safe loader's subclass
    except yaml.MarkedYAMLError as exc:
        raise TemplateError(None, f"{path}{_place(exc)}: {exc.problem}") from exc
    except yaml.YAMLError as exc:
        raise TemplateError(None, f"{path}: {exc}") from exc
    except bounds.OutOfBounds as exc:
        raise TemplateError(None, f"{path}: {exc}") from exc
    return _checked(template, path)


def _place(exc: yaml.MarkedYAMLError) -> str:
    mark = exc.problem_mark
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _checked(template: Any, path: Path) -> Template:
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise TemplateError(None, f"{path}: a template needs Resources")
    for section in ("Parameters", "Mappings", "Conditions", "Outputs", "Globals", "Metadata"):
        if template.get(section, {}) is None:
            del template[section]
        if not isinstance(template.get(section, {}), dict):
            raise TemplateError(None, f"{path}: {section} has to be a map")
    for logical_id, resource in template["Resources"].items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise TemplateError(str(logical_id), "a resource needs a Type")
        if resource.get("Properties") is None:
            resource["Properties"] = {}
        _no_transform(str(logical_id), resource)
    for section, content in template.items():
        if section != "Resources":
            _no_transform(section, {section: content})
    return template


def _no_transform(where: str, value: Any) -> None:
    """Refuse `Fn::Transform`, which CloudFormation would replace by other text, at any depth."""
    if isinstance(value, dict):
        if "Fn::Transform" in value:
            raise TemplateError(where, "Fn::Transform cannot be resolved here")
        for each in value.values():
            _no_transform(where, each)
    elif isinstance(value, list):
        for each in value:
            _no_transform(where, each)
