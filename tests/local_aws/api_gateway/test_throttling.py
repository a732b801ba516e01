"""Limits of requests."""

import asyncio
import json

import pytest

from local_aws.api_gateway.throttling import AccountThrottle, Throttle, TokenBucket
from local_aws.config import ApiConfig, ThrottleConfig
from tests.support.gateway import Api
from tests.support.signing import signed

TOO_MANY = "Too Many Requests"


def test_a_bucket_gives_its_burst_at_once_and_then_its_rate() -> None:
    """A bucket never holds more than its burst (2.11)."""
    bucket = TokenBucket(rate=2, burst=3, now=0)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(at) for at in (0.4, 0.5, 0.9, 1.0)] == [False, True, False, True]
    assert [bucket.take(100) for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(("rate", "burst"), [(0, 0), (5, 0), (0, 1)])
def test_a_limit_of_zero_is_one(rate: float, burst: int) -> None:
    """Zero is a limit, not the absence of one (2.11)."""
    bucket = TokenBucket(rate=rate, burst=burst, now=0)
    assert [bucket.take(at) for at in (0, 100)] == [burst > 0, False]


class Stage:
    """The throttle of a stage, with a clock that the test sets."""

    def __init__(
        self,
        account: AccountThrottle | None = None,
        default: ThrottleConfig | None = None,
        **routes: ThrottleConfig,
    ) -> None:
        self.now = 0.0
        api = ApiConfig(
            id="a",
            name="a",
            stage="a",
            region="a",
            account="a",
            route_selection_expression="a",
            routes={},
            default_throttle=default or ThrottleConfig(),
            route_throttles=routes,
        )
        self.throttle = Throttle(api, account or AccountThrottle(rate=100, burst=50, clock=lambda: self.now))

    def count(self, key: str) -> int:
        """Return how many of a hundred requests to a route are admitted."""
        return sum(self.throttle.admits(key) for _ in range(100))


def test_the_limits_of_a_stage_hold_for_each_route_by_itself() -> None:
    """A flooded route affects other routes only through the account's limit (2.11)."""
    stage = Stage(default=ThrottleConfig(rate=1, burst=20))
    assert [stage.count(key) for key in ("a", "b", "c")] == [20, 20, 10]


def test_the_limits_of_a_route_take_the_place_of_the_stage_s() -> None:
    """Rate and burst are overridden separately (2.11)."""
    stage = Stage(default=ThrottleConfig(rate=1, burst=5), a=ThrottleConfig(burst=8), b=ThrottleConfig(rate=0))
    assert [stage.count(key) for key in ("a", "b", "c")] == [8, 5, 5]
    stage.now = 3.0
    assert [stage.count(key) for key in ("a", "b", "c")] == [3, 0, 3]


def test_without_settings_the_account_s_limits_are_all_there_is() -> None:
    """The defaults are 10,000 per second and 5,000 at once (2.11)."""
    assert Stage().count("a") == 50
    account = AccountThrottle(clock=lambda: 0.0)
    assert sum(account.admits_request() for _ in range(6000)) == 5000


async def test_a_throttled_message_is_answered_and_not_handled(api: Api) -> None:
    """The client receives one frame, and the connection stays open (2.5, 2.11)."""
    api.route("$default")
    api.route("free")
    await api.start(fields={"route_throttles": {"$default": ThrottleConfig(rate=0, burst=2)}})
    async with api.connect() as client:
        for text in ("1", "2", "3"):
            await client.send(text)
        document = json.loads(await client.recv())
        await client.send('{"action":"free"}')
        events = await api.events("MESSAGE", 3)
    assert list(document) == ["message", "connectionId", "requestId"]
    assert document["message"] == TOO_MANY
    assert [event["body"] for event in events] == ["1", "2", '{"action":"free"}']


async def test_a_throttled_handshake_is_refused(api: Api) -> None:
    """The limits of `$connect` apply even without such a route (1.9, 2.11)."""
    await api.start(fields={"default_throttle": ThrottleConfig(rate=0, burst=1)})
    async with api.connect():
        status, body = await api.refusal()
    assert (status, body["message"]) == (429, TOO_MANY)


async def test_new_connections_have_a_quota(api: Api) -> None:
    """The default is 500 per second (1.9, 6)."""
    account = AccountThrottle(clock=lambda: 0.0)
    assert sum(account.admits_connection() for _ in range(600)) == 500
    await api.start(account=AccountThrottle(new_connections=0))
    assert (await api.refusal())[0] == 429


async def test_the_management_api_counts_as_well(api: Api) -> None:
    """An account has one quota for its APIs and their @connections APIs (2.11, 5.3)."""
    await api.start(account=AccountThrottle(rate=0, burst=1))
    path = "/dev/@connections/L0SM9cOFvHcCIhw="
    request = signed("GET", f"http://127.0.0.1:{api.port}{path}")
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    data = f"GET {path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode()
    first, second = await api.exchange(data), await api.exchange(data)
    assert first.startswith(b"HTTP/1.1 410 ")
    assert second.startswith(b"HTTP/1.1 429 ")
    assert b"\r\nx-amzn-ErrorType: LimitExceededException\r\n" in second


async def test_a_flooding_client_is_slowed_down_and_loses_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limited number of functions runs for one connection, in order, and `$disconnect` after the last (2.9)."""
    monkeypatch.setattr("local_aws.api_gateway.connection.MAX_IN_FLIGHT", 5)
    running: list[str] = []
    peak = 0

    async def function(event: dict[str, str]) -> dict[str, int]:
        nonlocal peak
        running.append(event["body"])
        peak = max(peak, len(running))
        await asyncio.sleep(0.002)
        running.remove(event["body"])
        return {"statusCode": 200}

    api.route("$default", function)
    api.route("$disconnect")
    await api.start()
    async with api.connect() as client:
        for number in range(300):
            await client.send(str(number))
    await api.events("DISCONNECT")
    assert [event.get("body") for event in api.functions.events] == [*map(str, range(300)), None]
    assert peak == 5


async def test_a_connection_that_floods_is_closed_all_the_same(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting messages are dropped when the gateway closes the connection (2.9, 5.3)."""
    monkeypatch.setattr("local_aws.api_gateway.connection.MAX_IN_FLIGHT", 1)
    release = asyncio.Event()

    async def function(event: dict[str, str]) -> dict[str, int]:
        await release.wait()
        return {"statusCode": 200}

    api.route("$connect")
    api.route("$default", function)
    api.route("$disconnect")
    await api.start()
    async with api.connect() as client:
        for number in range(20):
            await client.send(str(number))
        [message] = await api.events("MESSAGE")
        await api.manage("delete_connection", ConnectionId=message["requestContext"]["connectionId"])
        await client.wait_closed()
    release.set()
    await api.events("DISCONNECT")
    assert len(await api.events("MESSAGE")) == 1
