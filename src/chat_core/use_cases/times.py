"""What may still be done after the deadline of a delivery.

Whoever calls a use case keeps a second for that. A store that hangs must leave time for telling the sender so.
"""

SETTLING_SECONDS = 0.5
"""For the store and the queue: reading, forgetting who is gone, handing on."""

ANSWERING_SECONDS = 0.8
"""For telling the sender what came of its frame."""
