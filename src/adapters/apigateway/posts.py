"""The requests of a delivery, and what their answers mean; closing connections is a delivery of nothing."""

import time
from collections.abc import Callable
from typing import Final

from adapters.apigateway.delivery import Delivery
from adapters.apigateway.throttling import Throttling
from aws_client import ConnectionFailed, Heading, Response, Signer, Template, TransportError, percent_encoded
from chat_core.ports import Outcome

_DONE: Final = frozenset({200, 204})
"""To `POST`, and to `DELETE`."""
_OUTCOMES: Final = {410: Outcome.GONE, 429: Outcome.THROTTLED}
_EXPIRED: Final = "ExpiredTokenException"


class Address:
    """What every post to one API's stage has in common."""

    def __init__(self, *, path: str, signer: Signer, timeout: float) -> None:
        self.signer = signer
        self.timeout = timeout
        """The longest that one post may take, in seconds."""
        self.path = path.encode()
        self.canonical_path = percent_encoded(path, safe="/")


class Posts:
    """A delivery in the form in which it is sent."""

    def __init__(
        self,
        delivery: Delivery,
        address: Address,
        payload: bytes,
        *,
        throttling: Throttling,
        ended: Callable[[Outcome, float], None],
        method: str = "POST",
    ) -> None:
        self.delivery = delivery
        self.ended = ended
        """Called after each post that did not deliver, with its outcome and the time."""
        self.done: Callable[[], None] = _nothing
        """Called when every connection is settled."""
        self.throttling = throttling
        self._address = address
        self._template: Template = address.signer.template(payload, method=method)
        self._payload = payload

    def next(self, now: float) -> "Post | None":
        """Return a post that is to be made now, or None."""
        taken = self.delivery.take(now)
        if taken is None:
            return None
        connection_id, attempt = taken
        address = self._address
        encoded = percent_encoded(connection_id)
        template = self._template
        post = Post()
        post.posts = self
        post.connection_id = connection_id
        post.attempt = attempt
        post.path = address.path + encoded
        post.signature = template.sign(address.canonical_path + encoded.replace(b"%", b"%25"), now)
        post.heading = template.heading
        post.body = self._payload
        post.expires = min(now + address.timeout, self.delivery.deadline)
        post.signed = template.signed
        return post

    def settle(self, post: "Post", outcome: Outcome, *, is_lost: bool = False) -> None:
        """Take the outcome of a post that did not; `is_lost` says that it may have been taken all the same."""
        now = time.monotonic()
        if outcome is Outcome.THROTTLED:
            outcome = self.throttling.refused(post.connection_id)
        elif outcome is Outcome.GONE:
            self.throttling.taken(post.connection_id)
        self.delivery.ended(post.connection_id, outcome, post.attempt, now, is_lost=is_lost)
        self.ended(outcome, now)
        if not self.delivery.unsettled:
            self.done()

    def outcome(self, post: "Post", response: Response) -> Outcome:
        """Tell what an answer other than 200 says of a post."""
        if response.status >= 500:
            return Outcome.UNAVAILABLE
        if response.status == 403 and self._was_signed_wrongly(post, response):
            self._template.renew()
            return Outcome.UNAVAILABLE
        return _OUTCOMES.get(response.status, Outcome.REFUSED)

    def _was_signed_wrongly(self, post: "Post", response: Response) -> bool:
        """Tell whether the post can succeed when it is signed anew."""
        expired = response.header("x-amzn-errortype").startswith(_EXPIRED)
        return expired or self._address.signer.correct_clock(response.header("date"), post.signed)


class Post:
    """One attempt to deliver to one connection."""

    # Set by `Posts.next`, for each delivery: the call of an initializer takes as long as all the assignments.
    __slots__ = (
        "attempt",
        "body",
        "connection_id",
        "expires",
        "heading",
        "path",
        "posts",
        "signature",
        "signed",
    )

    posts: Posts
    connection_id: str
    attempt: int
    path: bytes
    heading: Heading
    signature: bytes
    body: bytes
    expires: float
    signed: int
    """When it was signed, in seconds since the epoch: others may have been signed since, by a corrected clock."""

    def answered(self, response: Response) -> None:
        """Take what API Gateway says."""
        posts = self.posts
        if response.status not in _DONE:
            posts.settle(self, posts.outcome(self, response))
            return
        # All in one place: each call of a method takes as long as everything that is done here.
        throttling, delivery = posts.throttling, posts.delivery
        throttling.accepted += 1
        if throttling.refusals:
            throttling.taken(self.connection_id)
        delivery.delivered += 1
        delivery.unsettled -= 1
        if not delivery.unsettled:
            posts.done()

    def failed(self, error: TransportError) -> None:
        """Note that no answer will come. If there was a connection, the post may have been taken."""
        self.posts.settle(self, Outcome.UNAVAILABLE, is_lost=not isinstance(error, ConnectionFailed))

    def timed_out(self) -> None:
        """Take it that the post may still be under way."""
        self.posts.settle(self, Outcome.TIMED_OUT)


def _nothing() -> None:
    pass
