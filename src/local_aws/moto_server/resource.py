"""A resource type for moto's CloudFormation as one function."""

from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel


class Created:
    """A resource that was created: what Ref and Fn::GetAtt say of it."""

    def __init__(
        self,
        ref: str,
        attributes: Mapping[str, str] | None = None,
        *,
        other: str | None = None,
        remove: Callable[[], object] | None = None,
    ) -> None:
        self.physical_resource_id = ref
        self._attributes = attributes or {}
        self._other = other
        """The value of any attribute not listed, with its name in place of `{}`; None where there are no others."""
        self._remove = remove
        """Takes the resource out of the service that holds it; None where nothing holds it, or its owner's end does."""

    def is_created(self) -> bool:
        """Say that there is nothing to wait for, in moto's name for the question."""
        return True

    def delete(self, _account: str, _region: str) -> None:
        """Delete the resource, in moto's name for it."""
        if self._remove is not None:
            self._remove()

    def get_cfn_attribute(self, name: str) -> str:
        """Return the attribute, in moto's name for Fn::GetAtt."""
        value = self._attributes.get(name, self._other)
        if value is None:
            raise UnformattedGetAttTemplateException
        return value.replace("{}", name)


Create = Callable[[str, dict[str, Any], str, str], Any]
"""Takes the generated physical name, the properties with nothing left to resolve, the account and the region."""


Update = Callable[[Any, dict[str, Any], str, str], Any]
"""Takes the resource as it was, its new properties, the account and the region; returns it as it is then."""


Delete = Callable[[str, dict[str, Any], str, str], object]
"""Takes the physical name, the properties, the account and the region."""


def register(resource_type: str, create: Create, update: Update | None = None, delete: Delete | None = None) -> None:
    """Have the resource type created by the function; where moto has one of that name, in its place.

    An update replaces a resource, unless there is a function for that. What cannot delete itself takes a function too.
    """

    # moto finds the direct subclasses of CloudFormationModel, and takes the last one of a type.
    class _Model(CloudFormationModel):
        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            return resource_type

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003 - the resource itself says, once it exists
            return True

        @classmethod
        def create_from_cloudformation_json(
            cls,
            resource_name: str,
            cloudformation_json: dict[str, Any],
            account_id: str,
            region_name: str,
            **_kwargs: Any,
        ) -> Any:
            return create(resource_name, cloudformation_json["Properties"], account_id, region_name)

        @classmethod
        def update_from_cloudformation_json(
            cls,
            original_resource: Any,
            new_resource_name: str,
            cloudformation_json: dict[str, Any],
            account_id: str,
            region_name: str,
        ) -> Any:
            properties = cloudformation_json["Properties"]
            if update is not None:
                return update(original_resource, properties, account_id, region_name)
            if isinstance(original_resource, Created):
                original_resource.delete(account_id, region_name)
            return create(new_resource_name, properties, account_id, region_name)

        @classmethod
        def delete_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str
        ) -> None:
            if delete is not None:
                delete(resource_name, cloudformation_json["Properties"], account_id, region_name)

    _models.append(_Model)  # type: ignore[type-abstract]


# A class that nothing refers to is collected, and no longer a subclass.
_models: list[type[CloudFormationModel]] = []
