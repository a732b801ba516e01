"""Who may do what in the local stack: the policies of its roles and functions, judged as IAM judges them.

Nothing in here does any input or output, but for the moto process's side, which is in `entrypoints.local.cloud`.
"""

from entrypoints.local.permissions.functions import FunctionPolicies

__all__ = ["FunctionPolicies"]
