"""Who may do what in the local stack: the policies of its roles and functions, judged as IAM judges them.

Nothing in here does any input or output.
"""

from entrypoints.local.permissions.functions import FunctionPolicies
from entrypoints.local.permissions.principals import Denial, Principal, Principals
from entrypoints.local.permissions.roles import Roles

__all__ = ["Denial", "FunctionPolicies", "Principal", "Principals", "Roles"]
