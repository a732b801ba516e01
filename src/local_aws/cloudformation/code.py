"""Code that a template refers to by a local path or contains inline: what `aws cloudformation package` uploads.

Nothing is uploaded here. The code is replaced by a key, by which its folder is found again.
"""

import atexit
import lzma
import shutil
import tempfile
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from local_aws.cloudformation.documents import Template
from local_aws.errors import TemplateError

PLACEHOLDER_BUCKET = "local-code"

MOST_UNZIPPED_BYTES = 250 * 1024 * 1024
"""AWS Lambda quotas, "Deployment package (.zip file archive) size"."""

_REMOTE = ("s3://", "https://", "http://")


class CodeFolders:
    """The folders behind the keys that replace code."""

    def __init__(self) -> None:
        self._folders: dict[str, Path] = {}
        self._missing: dict[str, str] = {}
        self._scratch: Path | None = None
        self.copied: set[Path] = set()
        """Archives and single files that run from a copy."""

    def folder(self, location: str) -> Path | None:
        """Return the folder behind the URL of a key, or None if it has no code that can run here."""
        return self._folders.get(location.rsplit("/", 1)[-1])

    def why_not(self, location: str) -> str:
        """Return why there is no such folder."""
        return self._missing.get(location.rsplit("/", 1)[-1], "its code is not here")

    def add(self, path: Path) -> str:
        """Return a key for a folder, an archive or a single file.

        Raises:
            TemplateError: the path does not exist.

        """
        if path.is_dir():
            return self._keep(path)
        if not path.is_file():
            raise TemplateError(None, f"its code is not there: {path}")
        self.copied.add(path)
        folder = self.new_folder()
        if zipfile.is_zipfile(path):
            try:
                _extract(path, folder)
            except TemplateError as exc:
                raise TemplateError(None, f"{path}: {exc.reason}") from exc
        else:
            shutil.copy(path, folder)
        return self._keep(folder)

    def add_archive(self, location: str, content: bytes) -> None:
        """Unpack an archive that was uploaded to the URL of a key.

        Raises:
            TemplateError: Lambda would not accept the archive.

        """
        self._folders[location.rsplit("/", 1)[-1]] = folder = self.new_folder()
        _extract(BytesIO(content), folder)

    def add_below(self, name: str, path: Path) -> str:
        """Return a key for a folder that contains the given folder under this name."""
        folder = self.new_folder()
        (folder / name).symlink_to(path)
        return self._keep(folder)

    def add_text(self, source: str) -> str:
        """Return a key for inline code, which becomes `index.py` as on Lambda."""
        folder = self.new_folder()
        (folder / "index.py").write_text(source, encoding="utf-8")
        return self._keep(folder)

    def add_missing(self, why: str) -> str:
        """Return a key for code that cannot be run here."""
        key = self._next_key()
        self._missing[key] = why
        return key

    def _keep(self, folder: Path) -> str:
        key = self._next_key()
        self._folders[key] = folder
        return key

    def _next_key(self) -> str:
        return f"code-{len(self._folders) + len(self._missing) + 1}"

    def new_folder(self) -> Path:
        """Return a new folder that is deleted with this process."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="local-aws-"))
            atexit.register(shutil.rmtree, self._scratch, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=self._scratch))


def _extract(archive: Path | BytesIO, folder: Path) -> None:
    """Unpack an archive if Lambda would. No file exceeds its declared size: zipfile stops there."""
    try:
        with zipfile.ZipFile(archive) as opened:
            size = sum(each.file_size for each in opened.infolist())
            if size > MOST_UNZIPPED_BYTES:
                raise TemplateError(
                    None, f"an archive of {size:,} bytes unzipped; Lambda takes {MOST_UNZIPPED_BYTES:,}"
                )
            opened.extractall(folder)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError) as exc:
        # Broken, encrypted (RuntimeError), of an unknown compression, or with names that no file can have.
        raise TemplateError(None, f"an archive that cannot be unpacked: {exc}") from exc


def package(template: Template, base: Path, folders: CodeFolders) -> None:
    """Replace all code in the template, in place, by keys.

    Args:
        template: The template as written, with SAM resources.
        base: The folder of the template, to which its paths are relative.
        folders: Receives the folders.

    Raises:
        TemplateError: code is missing.

    """
    defaults = template.get("Globals", {}).get("Function") or {}
    inherited = defaults.pop("CodeUri", None)
    for logical_id, resource in template["Resources"].items():
        packager = _PACKAGERS.get(resource["Type"])
        if packager is None:
            continue
        if resource["Type"] == _SAM_FUNCTION and inherited is not None:
            resource["Properties"].setdefault("CodeUri", inherited)
        try:
            packager(resource, base, folders)
        except TemplateError as exc:
            raise TemplateError(logical_id, exc.reason) from exc


def _sam_function(resource: dict[str, Any], base: Path, folders: CodeFolders) -> None:
    properties = resource["Properties"]
    inline = properties.pop("InlineCode", None)
    if properties.get("PackageType") == "Image":
        for name in ("PackageType", "ImageUri", "ImageConfig"):
            properties.pop(name, None)
        # The SAM translator requires both for a function with code.
        properties.update(Handler="none", Runtime="none")
        code: Any = {"ImageUri": ""}
    else:
        code = properties.get("CodeUri") if inline is None else {"ZipFile": inline}
    properties["CodeUri"] = {"Bucket": PLACEHOLDER_BUCKET, "Key": _key(code, base, folders)}


def _function(resource: dict[str, Any], base: Path, folders: CodeFolders) -> None:
    properties = resource["Properties"]
    properties.pop("PackageType", None)
    properties["Code"] = {"S3Bucket": PLACEHOLDER_BUCKET, "S3Key": _key(properties.get("Code"), base, folders)}


def _sam_layer(resource: dict[str, Any], base: Path, folders: CodeFolders) -> None:
    properties = resource["Properties"]
    code = properties.get("ContentUri")
    method = str((resource.get("Metadata") or {}).get("BuildMethod", ""))
    if method.startswith("python") and isinstance(code, str) and (base / code).is_dir():
        # `sam build` would copy its content, and install its requirements, into the folder `python` of the layer.
        key = folders.add_below("python", (base / code).resolve())
    else:
        key = _key(code, base, folders)
    properties["ContentUri"] = {"Bucket": PLACEHOLDER_BUCKET, "Key": key}


def _layer(resource: dict[str, Any], base: Path, folders: CodeFolders) -> None:
    properties = resource["Properties"]
    properties["Content"] = {"S3Bucket": PLACEHOLDER_BUCKET, "S3Key": _key(properties.get("Content"), base, folders)}


def _key(code: Any, base: Path, folders: CodeFolders) -> str:
    match code:
        case None:
            # As `aws cloudformation package` does.
            return folders.add(base)
        case str() if not code.startswith(_REMOTE):
            return folders.add((base / code).resolve())
        case {"ZipFile": str(source)}:
            return folders.add_text(source)
        case {"ZipFile": _}:
            return folders.add_missing(
                "its inline code is computed by the template, and only plain text can be run here"
            )
        case {"ImageUri": _}:
            return folders.add_missing("it is a container image")
    return folders.add_missing(f"its code is not on this machine: {code}")


_SAM_FUNCTION = "AWS::Serverless::Function"
_PACKAGERS = {
    _SAM_FUNCTION: _sam_function,
    "AWS::Serverless::LayerVersion": _sam_layer,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::LayerVersion": _layer,
}
