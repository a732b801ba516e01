"""From a CloudFormation or SAM template on disk to a stack in the embedded AWS, and what that stack amounts to.

Nothing heavy is imported with this package: boto3, the SAM translator and moto are loaded by the calls that need them.
"""

from local_aws.cloudformation.deploy import deploy, deployed

__all__ = ["deploy", "deployed"]
