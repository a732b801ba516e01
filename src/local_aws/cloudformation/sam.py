"""The transform `AWS::Serverless-2016-10-31`, done by AWS's own translator, without a call to AWS."""

import copy
import json
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from local_aws.cloudformation.documents import Template
from local_aws.errors import TemplateError

SAM = "AWS::Serverless-2016-10-31"
# What this one adds is resolved by moto, but for loops.
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"

_BLAMED = re.compile(r"(?s)Resource with id \[(?P<id>[^\]]+)\] is invalid\. (?P<reason>.*)")


def expand(template: Template, *, known: Mapping[str, str], region: str) -> Template:
    """Return the template as CloudFormation resources alone.

    Args:
        template: The template, any local paths in it replaced. Left alone.
        known: The values of those parameters that are known already; of others not even the default counts.
        region: The region that it is for.

    Raises:
        TemplateError: the translator refuses it, or it asks for another transform.

    """
    asked = template.get("Transform", [])
    transforms = [asked] if isinstance(asked, str | dict) else asked
    for transform in transforms:
        if transform not in (SAM, LANGUAGE_EXTENSIONS):
            name = transform.get("Name") if isinstance(transform, dict) else transform
            raise TemplateError(None, f"the transform {name} cannot be run here")
    if "Fn::ForEach::" in json.dumps(template):
        raise TemplateError(None, "Fn::ForEach cannot be run here")
    if SAM not in transforms:
        _has_nothing_of_sam(template)
        return template
    expanded = _translated(_without_defaults(template, known), known, region)
    # With their defaults again.
    if "Parameters" in template:
        expanded["Parameters"] = template["Parameters"]
    expanded.pop("Transform", None)
    return expanded


def _has_nothing_of_sam(template: Template) -> None:
    for logical_id, resource in template["Resources"].items():
        if resource["Type"].startswith("AWS::Serverless::"):
            raise TemplateError(logical_id, f"{resource['Type']} needs `Transform: {SAM}` in the template")


def _without_defaults(template: Template, known: Mapping[str, str]) -> Template:
    """Return a copy; a default in the place of a value that only the parent's creation brings would be taken for it."""
    template = copy.deepcopy(template)
    for name, declaration in template.get("Parameters", {}).items():
        if name not in known:
            declaration.pop("Default", None)
    return template


def _translated(template: Template, known: Mapping[str, str], region: str) -> Template:
    # It takes half a second to import, and a template need not use it.
    from samtranslator.model.exceptions import InvalidDocumentException  # noqa: PLC0415
    from samtranslator.parser.parser import Parser  # noqa: PLC0415
    from samtranslator.translator.translator import Translator  # noqa: PLC0415
    from samtranslator.utils.py27hash_fix import (  # noqa: PLC0415
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )

    parameters: dict[str, Any] = dict(known)
    # Generated logical ids hold hashes of parts of the template, the same as those that a deploy would make.
    to_py27_compatible_template(template, parameters)
    # Of a session it reads the region; a real one would read the developer's configuration as well.
    translator = Translator({}, Parser(), boto_session=SimpleNamespace(region_name=region))
    try:
        translated = translator.translate(template, parameters, get_managed_policy_map=dict)
    except InvalidDocumentException as exc:
        raise _first_cause(exc) from exc
    finally:
        # Nowhere; but unless asked to, it complains when the process ends.
        translator.metrics.publish()
    expanded: Template = undo_mark_unicode_str_in_template(translated)
    return expanded


def _first_cause(exc: Any) -> TemplateError:
    message = exc.causes[0].message
    blamed = _BLAMED.match(message)
    return TemplateError(blamed["id"], blamed["reason"]) if blamed else TemplateError(None, message)
