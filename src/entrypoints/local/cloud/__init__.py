"""From a CloudFormation or SAM template on disk to a stack in an embedded cloud, and what that stack amounts to.

Nothing heavy is imported with this package: boto3, the SAM translator and moto are loaded by the calls that need them.
"""

from entrypoints.local.cloud.access import enforce, roles
from entrypoints.local.cloud.deploy import Deployment, deploy, deployed
from entrypoints.local.cloud.embedded import EmbeddedCloud
from entrypoints.local.cloud.errors import CloudFailed, TemplateError
from entrypoints.local.cloud.tables import Table, create_tables, delete_tables

__all__ = [
    "CloudFailed",
    "Deployment",
    "EmbeddedCloud",
    "Table",
    "TemplateError",
    "create_tables",
    "delete_tables",
    "deploy",
    "deployed",
    "enforce",
    "roles",
]
