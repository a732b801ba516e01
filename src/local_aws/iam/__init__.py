"""Permissions in the emulator: the policies of roles and functions, evaluated as IAM evaluates them.

Nothing in here does any input or output.
"""

from local_aws.iam.function_policies import FunctionPolicies
from local_aws.iam.principals import Denial, Principal, Principals
from local_aws.iam.roles import Roles

__all__ = ["Denial", "FunctionPolicies", "Principal", "Principals", "Roles"]
