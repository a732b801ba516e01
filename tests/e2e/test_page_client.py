"""The page's client of the Centrifuge protocol, in a browser, with the chat itself."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.browser import Browser
from tests.support.page_server import ChatService

START = """window.log = [];
    const note = (name) => (...rest) => log.push([name, ...rest]);
    return import("/client.js").then(({ Client }) => {
        const state = ({ name, text }) => log.push(text ? [name, text] : [name]);
        const joined = note("joined"), left = note("left"), publication = note("publication"), fault = note("fault");
        window.client = new Client({ url: arguments[0], on: { state, joined, left, publication, fault } });
        for (const channel of arguments[1]) client.subscribe(channel);
        client.connect();
    })"""


@pytest.fixture
def browser(window: Browser, page_url: str) -> Iterator[Browser]:
    """Open an empty page of the page's origin; leave it at the end."""
    window.open(f"{page_url}favicon.svg")
    yield window
    window.open("about:blank")
    window.complaints()


def start(browser: Browser, service: ChatService, *channels: str) -> None:
    """Connect a client that joins the channels, and wait until it is in each."""
    browser.run(START, service.url, list(channels))
    wait(browser, "open")
    for channel in channels:
        wait(browser, "joined", channel)


def log(browser: Browser) -> list[list[Any]]:
    """Return what the client told: the name of each event and what came with it."""
    return list(browser.run("return log"))


def wait(browser: Browser, *event: str, times: int = 1) -> None:
    """Wait for an event that begins like this."""
    script = """const [expected, times, done] = arguments;
        const look = () => log.filter((each) => expected.every((part, at) => each[at] === part)).length >= times;
        const timer = setInterval(() => look() && (clearInterval(timer), done()), 20);"""
    browser.driver.set_script_timeout(15)
    browser.driver.execute_async_script(script, list(event), times)


def call(browser: Browser, method: str, *arguments: Any) -> Any:
    """Call a method that has a reply; return the reply."""
    script = """const [method, rest, done] = arguments;
        const { problem } = client[method](...rest, done);
        if (problem) done({ problem });"""
    return browser.driver.execute_async_script(script, method, list(arguments))


def commands(service: ChatService, name: str) -> list[dict[str, Any]]:
    """Return the members of the commands of this name that the service received."""
    return [each[name] for each in service.received if name in each]


def test_any_query_of_the_address_is_kept(browser: Browser, service: ChatService) -> None:
    """The client adds the protocol that it speaks; an address that names one as well is corrected."""
    start(browser, service)
    assert service.queries == ["protocol=centrifuge"]
    script = 'return import("/protocol.js").then(({ addressOf }) => arguments[0].map(addressOf))'
    urls = [
        "ws://a/dev",
        "ws://a/dev?",
        "wss://a/?x=%20b+c&y",
        "ws://a/?protocol=plain&x=1&protocol",
        "ws://a/?protocols=1",
    ]
    assert browser.run(script, urls) == [
        "ws://a/dev?protocol=centrifuge",
        "ws://a/dev?protocol=centrifuge",
        "wss://a/?x=%20b+c&y&protocol=centrifuge",
        "ws://a/?x=1&protocol=centrifuge",
        "ws://a/?protocols=1&protocol=centrifuge",
    ]


def test_connect_and_all_subscriptions_are_one_frame(browser: Browser, service: ChatService) -> None:
    """Each frame is an invocation."""
    start(browser, service, "lobby", "news")
    assert [[*each] for each in service.received] == [["id", "connect"], ["id", "subscribe"], ["id", "subscribe"]]
    assert service.frames == 1


def test_commands_have_rising_ids_over_all_connections(browser: Browser, service: ChatService) -> None:
    """The service tells by them which of two commands is the later one."""
    start(browser, service, "lobby")
    service.close_clients(1011)
    wait(browser, "joined", times=2)
    call(browser, "publish", "lobby", "one")
    ids = [each["id"] for each in service.received]
    assert ids == sorted(set(ids))


def test_replies_are_told_apart_by_their_ids(browser: Browser, service: ChatService) -> None:
    """They come in any order."""
    start(browser, service, "lobby", "news")
    service.slow = {"history"}
    browser.run("window.late = null; client.history('news', { limit: 1 }, (reply) => (late = reply))")
    service.wait_for(lambda: service.held == 1)
    assert call(browser, "publish", "lobby", {"a": 1})["result"] == {}
    assert browser.run("return late") is None
    service.release()
    service.wait_for(lambda: browser.run("return late") is not None)
    assert browser.run("return late.result.publications") == []


def test_frame_of_several_lines_is_read_line_by_line(browser: Browser, service: ChatService) -> None:
    """A line that is not for us, or is no JSON, costs nothing but itself."""
    start(browser, service, "lobby")
    push = {"push": {"channel": "lobby", "pub": {"data": "one"}}}
    others = [
        "{}",
        "null",
        "[1]",
        "no json",
        '{"id":4294967295}',
        '{"push":{"channel":"lobby","join":{"info":{}}}}',
        "",
    ]
    service.push("\n".join([*others, json.dumps(push), json.dumps(push)]))
    wait(browser, "publication", "lobby", times=2)
    assert [each[0] for each in log(browser)] == ["connecting", "open", "joined", "publication", "publication"]


def test_presence_and_history_are_asked_for(browser: Browser, service: ChatService) -> None:
    """Presence lists who is there, by connection."""
    start(browser, service, "news")
    call(browser, "publish", "news", "one")
    presence = call(browser, "presence", "news")["result"]["presence"]
    assert [each["user"] for each in presence.values()] == [""]
    assert browser.run("return client.isOwn({ info: { client: arguments[0] } })", *presence)
    past = call(browser, "history", "news", {"limit": 1, "reverse": True})["result"]
    assert [each["data"] for each in past["publications"]] == ["one"]


def test_channel_that_was_left_is_silent_and_not_joined_again(browser: Browser, service: ChatService) -> None:
    """Also after the next connection."""
    start(browser, service, "lobby", "news")
    browser.run("client.unsubscribe('news')")
    service.wait_for(lambda: commands(service, "unsubscribe") == [{"channel": "news"}])
    assert call(browser, "publish", "news", "one")["error"]["code"] == 103
    service.close_clients(1011)
    wait(browser, "joined", "lobby", times=2)
    assert [each["channel"] for each in commands(service, "subscribe")] == ["lobby", "news", "lobby"]


def test_channel_can_be_joined_later(browser: Browser, service: ChatService) -> None:
    """A client that is connected already joins at once."""
    start(browser, service)
    browser.run("client.subscribe('news')")
    wait(browser, "joined", "news")


def test_channel_can_be_joined_while_the_client_connects(browser: Browser, service: ChatService) -> None:
    """The frame with `connect` is on its way already; the service waits for it before it lets anybody join."""
    service.slow = {"connect"}
    browser.run(START, service.url, [])
    service.wait_for(lambda: service.held == 1)
    browser.run("client.subscribe('news')")
    service.wait_for(lambda: len(commands(service, "subscribe")) == 1)
    service.release()
    wait(browser, "joined", "news")


def test_refused_channel_is_left_and_the_others_stay(browser: Browser, service: ChatService) -> None:
    """There is no namespace of that name."""
    browser.run(START, service.url, ["no:such", "lobby"])
    wait(browser, "left", "no:such")
    wait(browser, "joined", "lobby")
    service.close_clients(1011)
    wait(browser, "joined", "lobby", times=2)
    assert [each["channel"] for each in commands(service, "subscribe")] == ["no:such", "lobby", "lobby"]


def test_gap_is_filled_by_recovery(browser: Browser, service: ChatService) -> None:
    """The service promises none. A message that did not come is asked for when the next one comes."""
    start(browser, service, "lobby")
    service.say("one")
    wait(browser, "publication", times=1)
    service.push('{"push":{"channel":"lobby","pub":{"data":"three","offset":3}}}')
    service.say("two")
    service.say("three")
    wait(browser, "joined", times=2)
    said = [each[2]["data"] for each in log(browser) if each[0] == "publication"]
    recovered = [each["data"] for event in log(browser) if event[0] == "joined" for each in event[2]["publications"]]
    assert sorted(said + recovered) == ["one", "three", "two"]


def test_message_that_comes_twice_is_told_once(browser: Browser, service: ChatService) -> None:
    """A deliverer that takes over for another one repeats its last messages."""
    start(browser, service, "lobby")
    service.say("one")
    wait(browser, "publication")
    service.push('{"push":{"channel":"lobby","pub":{"data":"one","offset":1}}}')
    service.say("two")
    wait(browser, "publication", times=2)
    assert [each[2]["data"] for each in log(browser) if each[0] == "publication"] == ["one", "two"]


def test_position_that_the_service_declares_invalid_is_not_recovered_from(
    browser: Browser, service: ChatService
) -> None:
    """Code 2502 (Centrifuge, "Unsubscribe codes")."""
    start(browser, service, "lobby")
    service.push('{"push":{"channel":"lobby","unsubscribe":{"code":2502,"reason":"state invalidated"}}}')
    wait(browser, "joined", times=2)
    assert [each.get("recover") for each in commands(service, "subscribe")] == [None, None]


@pytest.mark.parametrize("code", [3000, 3011, 4000, 5000])
def test_disconnect_that_is_not_final_is_followed_by_another_connection(
    browser: Browser, service: ChatService, code: int
) -> None:
    """After a delay, since all clients may have been told at once."""
    start(browser, service, "lobby")
    service.push(json.dumps({"push": {"disconnect": {"code": code, "reason": "come again"}}}))
    wait(browser, "joined", times=2)
    assert [each[0] for each in log(browser)] == [
        "connecting",
        "open",
        "joined",
        "waiting",
        "connecting",
        "open",
        "joined",
    ]


@pytest.mark.parametrize("code", [3500, 3999, 4500, 4999])
def test_final_disconnect_ends_everything(browser: Browser, service: ChatService, code: int) -> None:
    """What was not answered is settled, and brings no connection back."""
    start(browser, service, "lobby")
    service.answer = lambda *_: []
    browser.run("window.late = []; client.publish('lobby', 'one', ({ error }) => late.push(error.isSilence))")
    service.push(json.dumps({"push": {"disconnect": {"code": code, "reason": "go away"}}}))
    wait(browser, "ended", "go away")
    assert browser.run("return late") == [True]
    assert call(browser, "publish", "lobby", "two") == {"problem": "closed"}
    assert len(service.offered) == 1


def test_refused_connect_ends_everything(browser: Browser, service: ChatService) -> None:
    """Nothing would change by trying again."""
    service.refusal = {"code": 3500, "message": "invalid token"}
    browser.run(START, service.url, ["lobby"])
    wait(browser, "ended", "invalid token")
    assert len(service.offered) == 1


def test_connect_that_is_refused_for_now_is_tried_again(browser: Browser, service: ChatService) -> None:
    """With a new connection, since Centrifuge allows nothing else on this one."""
    service.refusal = {"code": 100, "message": "internal server error", "temporary": True}
    browser.run(START, service.url, ["lobby"])
    wait(browser, "waiting")
    service.refusal = None
    wait(browser, "joined", "lobby")


def test_silence_is_an_error_after_five_seconds(browser: Browser, service: ChatService) -> None:
    """So it is in Centrifuge's own clients. The browser's clock is wound forward here."""
    script = """return import("/replies.js").then(({ NO_REPLY, Replies }) => {
        const set = window.setTimeout, replies = new Replies(), seen = [];
        let end;
        window.setTimeout = (callback, delay) => { seen.push(delay); end = callback; };
        replies.await(replies.command("publish", {}), ({ error }) => seen.push(error === NO_REPLY));
        window.setTimeout = set;
        end();
        return seen;
    })"""
    assert browser.run(script) == [5000, True]
