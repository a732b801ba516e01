"""Creates a stack in the embedded AWS from a template on disk, and reads its configuration back.

The package imports nothing heavy: boto3, the SAM translator and moto are imported by the calls that need them.
"""

from local_aws.cloudformation.deploy import deploy, deployed

__all__ = ["deploy", "deployed"]
