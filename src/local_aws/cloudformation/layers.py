"""The layers of functions, which Lambda extracts into `/opt` in order.

Source: AWS Lambda Developer Guide, "Packaging layers" and "Adding layers to functions".
"""

from pathlib import Path
from typing import Any

from local_aws.cloudformation.code import CodeFolders
from local_aws.cloudformation.stack import Resource

_LAYER = "AWS::Lambda::LayerVersion"
_KNOWN_FOLDERS = ("python", "bin", "lib")


class Layers:
    """The layers of a stack, and which layers of its functions are missing."""

    def __init__(self, client: Any, resources: list[Resource], folders: CodeFolders) -> None:
        self._folders = folders
        self.notices: list[str] = []
        """Lines for the log: the parts without effect here."""
        self._made = {
            each.physical_id: self._folder(client, each)
            for each in resources
            if each.kind == _LAYER and each.physical_id
        }

    def opt(self, function: str, arns: list[str]) -> Path | None:
        """Return the folder that is the function's `/opt`, or None if none of its layers is here.

        Args:
            function: The logical id of the function.
            arns: The ARNs of its layer versions, in merge order.

        """
        for arn in arns:
            if arn not in self._made:
                self.notices.append(f"Not added: a layer that the stack does not make, of {function}: {arn}")
        folders = [folder for arn in arns if (folder := self._made.get(arn))]
        if not folders:
            return None
        merged = self._folders.new_folder()
        _merge(folders, merged)
        return merged

    def _folder(self, client: Any, resource: Resource) -> Path | None:
        name, version = resource.physical_id.split(":")[-2:]
        location = client.get_layer_version(LayerName=name, VersionNumber=int(version))["Content"]["Location"]
        folder = self._folders.folder(location)
        if folder is None:
            self.notices.append(f"Not added: the layer {resource.path}: {self._folders.why_not(location)}")
            return None
        if not any((folder / name).is_dir() for name in _KNOWN_FOLDERS):
            self.notices.append(f"Nothing to import in the layer {resource.path}: it has no folder `python`")
        if (folder / "extensions").is_dir():
            self.notices.append(f"Not emulated: the extensions in the layer {resource.path}")
        return folder


def _merge(sources: list[Path], target: Path) -> None:
    """Merge the folders into `target`. A later file replaces an earlier one of the same name.

    Files are linked, so that edits in a layer are visible. Only a folder that several layers have becomes a new folder.
    """
    names = sorted({entry.name for source in sources for entry in source.iterdir()})
    for name in names:
        entries = [source / name for source in sources if (source / name).exists()]
        if not entries:
            # A dangling link.
            continue
        if len(entries) > 1 and all(entry.is_dir() for entry in entries):
            (target / name).mkdir()
            _merge(entries, target / name)
        else:
            (target / name).symlink_to(entries[-1].resolve())
