"""The transform `AWS::Serverless-2016-10-31`, by AWS's own translator, without a call to AWS."""

import copy
import json
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from local_aws.cloudformation.documents import Template
from local_aws.errors import TemplateError

SAM = "AWS::Serverless-2016-10-31"
# moto resolves the additions of this transform, except loops.
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"

_BLAMED = re.compile(r"(?s)Resource with id \[(?P<id>[^\]]+)\] is invalid\. (?P<reason>.*)")


def expand(template: Template, *, known: Mapping[str, str], region: str) -> Template:
    """Return the template with CloudFormation resources alone.

    Args:
        template: The template, with its local paths replaced. It is not changed.
        known: The parameters whose values are known already. The defaults of the others are ignored.
        region: The region to deploy to.

    Raises:
        TemplateError: the translator refuses the template, or it needs another transform.

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
    # With the defaults again.
    if "Parameters" in template:
        expanded["Parameters"] = template["Parameters"]
    expanded.pop("Transform", None)
    return expanded


def _has_nothing_of_sam(template: Template) -> None:
    for logical_id, resource in template["Resources"].items():
        if resource["Type"].startswith("AWS::Serverless::"):
            raise TemplateError(logical_id, f"{resource['Type']} needs `Transform: {SAM}` in the template")


def _without_defaults(template: Template, known: Mapping[str, str]) -> Template:
    """Return a copy without defaults: a default would be used instead of a value that the parent stack passes later."""
    template = copy.deepcopy(template)
    for name, declaration in template.get("Parameters", {}).items():
        if name not in known:
            declaration.pop("Default", None)
    return template


def _translated(template: Template, known: Mapping[str, str], region: str) -> Template:
    # The import takes half a second, and many templates do not need it.
    from samtranslator.model.exceptions import InvalidDocumentException  # noqa: PLC0415
    from samtranslator.parser.parser import Parser  # noqa: PLC0415
    from samtranslator.translator.translator import Translator  # noqa: PLC0415
    from samtranslator.utils.py27hash_fix import (  # noqa: PLC0415
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )

    parameters: dict[str, Any] = dict(known)
    # Generated logical ids contain hashes of parts of the template. They equal those of a deploy.
    to_py27_compatible_template(template, parameters)
    # It reads the region of a session. A real session would read the developer's configuration as well.
    translator = Translator({}, Parser(), boto_session=SimpleNamespace(region_name=region))
    try:
        translated = translator.translate(template, parameters, get_managed_policy_map=dict)
    except InvalidDocumentException as exc:
        raise _first_cause(exc) from exc
    finally:
        # Into nothing. Without this call it logs a complaint when the process ends.
        translator.metrics.publish()
    expanded: Template = undo_mark_unicode_str_in_template(translated)
    return expanded


def _first_cause(exc: Any) -> TemplateError:
    message = exc.causes[0].message
    blamed = _BLAMED.match(message)
    return TemplateError(blamed["id"], blamed["reason"]) if blamed else TemplateError(None, message)
