"""The chat page in a browser."""

import json
from typing import Any

import pytest

from tests.support.browser import ENTER, SHIFT, Browser
from tests.support.page_server import ChatService, Command

DRAFT = "#draft"
BUBBLE = ".bubble"
RECEIPT = ".receipt"
NOTICE = ".notice"
STATE = "#state"


def write(page: Browser, text: str) -> None:
    page.type(DRAFT, text + ENTER)


def draft(page: Browser) -> str:
    return str(page.run("return document.querySelector(arguments[0]).value", DRAFT))


def publication(data: str, sender: str = "someone=") -> str:
    """Return a push of a message, as a frame."""
    pub = {"data": data, "info": {"user": "", "client": sender}}
    return json.dumps({"push": {"channel": "lobby", "pub": pub}})


def push_lines(service: ChatService, count: int) -> None:
    for number in range(count):
        service.push(publication(f"line {number}"))


def distance_to_end(page: Browser) -> float:
    script = "const log = document.getElementById('log'); return log.scrollHeight - log.clientHeight - log.scrollTop"
    return float(page.run(script))


def scroll_to(page: Browser, top: int) -> None:
    """Scroll, and let the page hear of it, which it does with the next frame."""
    page.run("document.getElementById('log').scrollTop = arguments[0]", top)
    page.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def refuse_for_now(_sender: str, command: Command) -> list[dict[str, Any]]:
    return [{"id": command["id"], "error": {"code": 100, "message": "internal server error", "temporary": True}}]


def refuse_for_good(_sender: str, command: Command) -> list[dict[str, Any]]:
    return [{"id": command["id"], "error": {"code": 103, "message": "permission denied"}}]


def echo_only(sender: str, command: Command) -> list[dict[str, Any]]:
    return [json.loads(publication(command["publish"]["data"], sender))]


def say_nothing(_sender: str, _command: Command) -> list[dict[str, Any]]:
    return []


def test_page_connects_when_it_opens_and_says_where(page: Browser, service: ChatService) -> None:
    """The page connects by itself, and shows a command with which a terminal can join."""
    assert page.text("#address") == service.url
    page.click("#terminal summary")
    assert page.text("#connect-command") == f"wscat -c {service.url}"


def test_page_obeys_its_security_policy(page: Browser) -> None:
    """The policy allows only the page's files and its WebSocket."""
    write(page, "hello")
    page.wait_for(RECEIPT, "Sent")
    assert page.complaints() == []


def test_message_of_someone_else_appears_with_who_and_when(page: Browser, service: ChatService) -> None:
    """The page shows the first characters of a connection id, which is too long to read."""
    service.say("live long")
    page.wait_for(BUBBLE, "live long")
    assert len(page.text(".who")) == 6
    assert ":" in page.text("time")


def test_data_that_is_no_text_is_shown_as_json(page: Browser, service: ChatService) -> None:
    """Programs may send JSON objects."""
    service.say({"a": [1, None]})
    page.wait_for(BUBBLE, '{"a":[1,null]}')


def test_markup_in_a_message_is_shown_as_text(page: Browser, service: ChatService) -> None:
    """Text of other users must not be executed."""
    attack = "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>"
    service.say(attack)
    page.wait_for(BUBBLE, attack)
    assert page.run("return window.pwned ?? document.querySelectorAll('.bubble *').length") == 0


def test_enter_sends_and_the_reply_confirms(page: Browser, service: ChatService) -> None:
    """The sender sees the message once, although the service also broadcasts it to the sender."""
    write(page, "hello")
    page.wait_for(RECEIPT, "Sent")
    write(page, "again")
    page.wait_for(".entry:nth-child(2) .receipt", "Sent")
    assert page.texts(BUBBLE) == ["hello", "again"]
    assert draft(page) == ""


def test_shift_and_enter_start_a_new_line(page: Browser, service: ChatService) -> None:
    """A message can have several lines."""
    page.type(DRAFT, f"one{SHIFT}{ENTER}{SHIFT}two")
    write(page, "")
    page.wait_for(RECEIPT, "Sent")
    assert service.messages() == ["one\ntwo"]


def test_same_words_of_someone_else_are_not_taken_for_ours(page: Browser, service: ChatService) -> None:
    """Two people may send the same text at the same time."""

    def answer_late(sender: str, command: Command) -> list[dict[str, Any]]:
        others = json.loads(publication("hi", "someone-else="))
        return [others, *echo_only(sender, command), {"id": command["id"], "publish": {}}]

    service.answer = answer_late
    write(page, "hi")
    page.wait_for(".entry:nth-child(2)", "hi")
    assert page.texts(".who") == ["you", "someon"]


@pytest.mark.parametrize("push", ["disconnect", "unsubscribe"])
def test_service_that_sends_the_page_away_is_obeyed(page: Browser, service: ChatService, push: str) -> None:
    """With a code that is final, nothing is tried again but by the person."""
    code = {"disconnect": 3503, "unsubscribe": 2000}[push]
    service.push(json.dumps({"push": {"channel": "lobby", push: {"code": code, "reason": "go away"}}}))
    page.wait_for(STATE, "Ended")
    page.wait_for(NOTICE, "go away")
    page.click("#reconnect")
    page.wait_for(STATE, "Connected")


def test_page_reconnects_by_itself_and_keeps_the_draft(page: Browser, service: ChatService) -> None:
    """A deploy or a lost network must not lose the draft."""
    page.type(DRAFT, "half a thou")
    service.stop()
    page.wait_for(STATE, "Reconnecting in")
    page.type(DRAFT, "ght" + ENTER)
    page.wait_for("#problem", "Not connected")
    service.start()
    page.wait_for(STATE, "Connected")
    assert draft(page) == "half a thought"


def test_waiting_can_be_cut_short(page: Browser, service: ChatService) -> None:
    """A person may know before the timer that the network is back."""
    page.run("Math.random = () => 1; window.setTimeout = () => 0")
    service.stop()
    page.wait_for(STATE, "Reconnecting in")
    service.start()
    page.click("#reconnect")
    page.wait_for(STATE, "Connected")


def test_network_that_comes_back_is_used_at_once(page: Browser, service: ChatService) -> None:
    """Without a network the page does not try to connect; with one it does not wait."""
    page.go_offline(True)
    try:
        service.stop()
        page.wait_for(STATE, "Offline")
        service.start()
    finally:
        page.go_offline(False)
    page.wait_for(STATE, "Connected", timeout=5)


def test_draft_survives_a_reload(page: Browser, page_url: str) -> None:
    """People reload a page that seems stuck."""
    page.type(DRAFT, "half a thought")
    page.open(page_url)
    page.wait_for(STATE, "Connected")
    assert draft(page) == "half a thought"


def test_routine_closing_after_idling_is_not_reported(page: Browser, service: ChatService) -> None:
    """API Gateway closes idle connections with 1001 every ten minutes."""
    page.run("const past = Date.now; Date.now = () => past() + 600_000")
    page.run(
        "window.states = []; const state = document.getElementById('connection');"
        "new MutationObserver(() => states.push(state.dataset.state)).observe(state, {attributes: true})"
    )
    service.close_clients(1001)
    page.wait_for(STATE, "Connected")
    service.say("still here?")
    page.wait_for(BUBBLE, "still here?")
    assert "waiting" not in page.run("return states")
    assert page.text(NOTICE) == ""


def test_message_without_a_reply_can_be_sent_again(page: Browser, service: ChatService) -> None:
    """If the connection is lost before the reply, the page cannot know whether the message arrived, and says so."""
    service.answer = say_nothing
    write(page, "important")
    page.wait_for(RECEIPT, "Sending")
    service.stop()
    page.wait_for(RECEIPT, "Not confirmed")
    service.answer = None
    service.start()
    page.wait_for(STATE, "Connected")
    page.click(".again")
    page.wait_for(RECEIPT, "Sent")
    assert page.texts(BUBBLE) == ["important"]


def test_silence_instead_of_a_reply_replaces_the_connection(page: Browser, service: ChatService) -> None:
    """A browser notices a lost network only after many minutes."""
    service.answer = say_nothing
    write(page, "anyone?")
    page.wait_for(RECEIPT, "Not confirmed")
    page.wait_for(STATE, "Connected")
    assert len(service.offered) == 2


def test_message_that_came_back_before_the_connection_was_lost_is_delivered(
    page: Browser, service: ChatService
) -> None:
    """The broadcast of the message to its sender proves that it arrived."""
    write(page, "first")
    page.wait_for(RECEIPT, "Sent")
    service.answer = echo_only
    write(page, "second")
    page.wait_for(RECEIPT, "Sending")
    service.push(publication("after it"))
    page.wait_for(BUBBLE, "after it")
    service.stop()
    page.wait_for(".entry:nth-child(2) .receipt", "Sent")


def test_closing_on_too_large_a_frame_is_explained(page: Browser, service: ChatService) -> None:
    """API Gateway closes with 1009 and sends no frame with the reason."""
    service.close_clients(1009)
    page.wait_for(NOTICE, "too large")


def test_delays_between_attempts_double_up_to_half_a_minute(page: Browser) -> None:
    """Clients must not all reconnect at once when a service is back: half of each delay is random."""
    script = """return (async (random) => {
        const { Connection } = await import("/connection.js");
        const delays = [];
        let socket, attempt;
        const connection = new Connection({ url: "", onFrame() {}, onState() {}, environment: {
            open: () => (socket = { close() {} }), isOnline: () => true, now: () => 0, random: () => random,
            setTimeout: (callback, delay) => { attempt = callback; delays.push(delay / 1000); }, clearTimeout() {},
        } });
        connection.connect();
        for (let failure = 0; failure < 7; failure++) { socket.onclose({ code: 1006 }); attempt(); }
        return delays.filter((delay) => delay !== 32);
    })(arguments[0])"""
    assert page.run(script, 1) == [1, 2, 4, 8, 16, 30, 30]
    assert page.run(script, 0) == [0.5, 1, 2, 4, 8, 15, 15]


def test_error_in_reply_stays_with_the_message(page: Browser, service: ChatService) -> None:
    """A temporary error offers to send the message again, any other to edit it."""
    service.answer = refuse_for_now
    write(page, "hello")
    page.wait_for(RECEIPT, "Not confirmed: internal server error")
    service.answer = refuse_for_good
    page.click(".again")
    page.wait_for(RECEIPT, "Not sent: permission denied")
    page.click(".edit")
    assert draft(page) == "hello"


@pytest.mark.parametrize("text", ["Internal server error", "Endpoint request timed out", "Forbidden"])
def test_error_of_the_gateway_itself_is_shown(page: Browser, service: ChatService, text: str) -> None:
    """API Gateway's own frames have neither an id nor a push."""
    service.push(f'{{"message": "{text}", "connectionId": "a=", "requestId": "b="}}')
    page.wait_for(NOTICE, text)


def test_message_over_the_limit_is_refused_before_it_is_sent(page: Browser, service: ChatService) -> None:
    """API Gateway would close the connection, and the text would be lost."""
    page.run("document.querySelector(arguments[0]).value = 'é'.repeat(17_000)", DRAFT)
    page.type(DRAFT, ENTER)
    page.wait_for("#problem", "Too long to send: 34 KB, where 32 KB is the most.")
    assert len(draft(page)) == 17_000
    assert service.messages() == []


def test_reader_of_old_messages_is_not_moved(page: Browser, service: ChatService) -> None:
    """A button announces new messages instead."""
    push_lines(service, 40)
    page.wait_for(BUBBLE, "line 39")
    assert distance_to_end(page) < 2
    scroll_to(page, 100)
    service.push(publication("news"))
    page.wait_for("#newer", "1 new message")
    assert page.run("return document.getElementById('log').scrollTop") == 100
    page.click("#newer")
    assert distance_to_end(page) < 2
    assert page.text("#newer") == ""


def test_long_list_is_cut_but_what_is_not_confirmed_stays(page: Browser, service: ChatService) -> None:
    """A busy room must not fill the memory, and the user's own messages must not be removed."""
    service.answer = say_nothing
    write(page, "important")
    page.wait_for(RECEIPT, "Sending")
    push_lines(service, 520)
    page.wait_for(BUBBLE, "line 519")
    shown = page.texts(BUBBLE)
    assert len(shown) <= 501
    assert "important" in shown


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_page_fits_windows_of_any_width(page: Browser, service: ChatService, width: int) -> None:
    """No horizontal scrolling is needed (WCAG 2.2, 1.4.10)."""
    page.resize(width, 640)
    service.say("w" * 300)
    page.wait_for(BUBBLE, "w" * 300)
    assert (
        page.run(
            "const log = document.getElementById('log');"
            "return document.documentElement.scrollWidth - innerWidth + log.scrollWidth - log.clientWidth"
        )
        == 0
    )
