"""Defines a resource type of moto's CloudFormation by one function."""

from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel


class Created:
    """A created resource, with its values for Ref and Fn::GetAtt."""

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
        """The value of any other attribute, with its name instead of `{}`; None if there is no other."""
        self._remove = remove
        """Deletes the resource from its service; None if no service has it, or if it ends with its owner."""

    def is_created(self) -> bool:
        """Return True, under moto's name: there is nothing to wait for."""
        return True

    def delete(self, _account: str, _region: str) -> None:
        """Delete the resource, under moto's name."""
        if self._remove is not None:
            self._remove()

    def get_cfn_attribute(self, name: str) -> str:
        """Return an attribute, under moto's name for Fn::GetAtt."""
        value = self._attributes.get(name, self._other)
        if value is None:
            raise UnformattedGetAttTemplateException
        return value.replace("{}", name)


Create = Callable[[str, dict[str, Any], str, str], Any]
"""Creates a resource from the generated physical name, the resolved properties, the account and the region."""


Update = Callable[[Any, dict[str, Any], str, str], Any]
"""Updates a resource from the old one, its new properties, the account and the region; returns the new one."""


Delete = Callable[[str, dict[str, Any], str, str], object]
"""Deletes a resource by the physical name, the properties, the account and the region."""


def register(resource_type: str, create: Create, update: Update | None = None, delete: Delete | None = None) -> None:
    """Create resources of a type by the function, even if moto has the type.

    Without a function for updates, an update replaces the resource.
    """

    # moto searches the direct subclasses of CloudFormationModel, and uses the last one of a type.
    class _Model(CloudFormationModel):
        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            return resource_type

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003 - the created resource decides
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


# Without a reference, the class would be collected and no longer be found.
_models: list[type[CloudFormationModel]] = []
