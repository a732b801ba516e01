"""Lambda functions on this machine: real processes under a Lambda runtime client, one event at a time each.

`Functions` is the way in. Memory is reported but not limited, and nothing is kept from the network or the file system:
a function may do here whatever the person who started it may do.
"""

from local_aws.lambda_.functions import Functions
from local_aws.lambda_.variables import Debugger

__all__ = ["Debugger", "Functions"]
