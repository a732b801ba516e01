"""The JSON client protocol of Centrifuge, version 2, as docs/protocol.md says it is kept here.

Its schema is `definitions/client.proto` of github.com/centrifugal/protocol. Where the schema leaves something open,
this package does what the library github.com/centrifugal/centrifuge does.
"""

from chat_core.wire.centrifuge.codec import Centrifuge

__all__ = ["Centrifuge"]
