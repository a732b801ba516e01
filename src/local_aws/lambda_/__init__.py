"""Lambda functions on this machine: real processes with a Lambda runtime client, each running one event at a time.

`Functions` is the entry point. Memory is reported but not limited, and access to the network and the file system is not
restricted: a function may do whatever the person who started it may do.
"""

from local_aws.lambda_.functions import Functions
from local_aws.lambda_.variables import Debugger

__all__ = ["Debugger", "Functions"]
