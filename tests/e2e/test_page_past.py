"""What the chat page shows of what was said while it was not there, in a browser."""

import json

from tests.support.browser import Browser
from tests.support.page_server import ChatService

STATE = "#state"
BUBBLE = ".bubble"
LINE = ".bubble, .notice"
NOTICE = ".notice"
MISSING = "Some messages may be missing here."


def test_history_is_shown_above_what_is_new(page: Browser, service: ChatService, page_url: str) -> None:
    """Who comes in hears what the others speak of."""
    for each in ("one", "two"):
        service.say(each)
    page.wait_for(".entry:nth-child(2)", "two")
    page.open(page_url)
    page.wait_for(".entry:nth-child(2)", "two")
    service.say("three")
    page.wait_for(".entry:nth-child(3)", "three")
    assert page.texts(BUBBLE) == ["one", "two", "three"]


def test_what_was_missed_is_filled_in(page: Browser, service: ChatService) -> None:
    """In order, and without a word: nothing is missing."""
    service.say("before")
    page.wait_for(BUBBLE, "before")
    service.stop()
    page.wait_for(STATE, "Reconnecting in")
    for each in ("one", "two"):
        service.say(each)
    service.start()
    page.wait_for(STATE, "Connected")
    page.wait_for(".entry:nth-child(3)", "two")
    assert page.texts(BUBBLE) == ["before", "one", "two"]
    assert page.text(NOTICE) == ""


def test_what_cannot_be_filled_in_is_said_at_its_place(page: Browser, service: ChatService) -> None:
    """The history has a hundred messages. The page shows the last fifty, as it does at the start."""
    service.say("before")
    page.wait_for(BUBBLE, "before")
    service.stop()
    page.wait_for(STATE, "Reconnecting in")
    for number in range(120):
        service.say(str(number))
    service.start()
    page.wait_for(STATE, "Connected")
    service.say("after")
    page.wait_for(BUBBLE, "after")
    assert page.texts(LINE) == ["before", MISSING, *(str(number) for number in range(70, 120)), "after"]


def test_new_stream_is_shown_from_its_beginning(page: Browser, service: ChatService) -> None:
    """The history was lost; its messages begin at 1 again, and the page has seen other ones with these numbers."""
    service.say("before")
    page.wait_for(BUBBLE, "before")
    service.stop()
    page.wait_for(STATE, "Reconnecting in")
    service.forget_everything()
    service.say("in between")
    service.start()
    page.wait_for(STATE, "Connected")
    service.say("after")
    page.wait_for(BUBBLE, "after")
    assert page.texts(LINE) == ["before", MISSING, "in between", "after"]


def test_what_is_said_before_the_history_comes_is_shown_below_it(page: Browser, service: ChatService) -> None:
    """The page shows the messages in the order of the room."""
    service.say("one")
    page.wait_for(BUBBLE, "one")
    service.slow = {"history"}
    page.run("location.reload()")
    service.wait_for(lambda: service.held > 0)
    service.say("two")
    service.release()
    page.wait_for(BUBBLE, "two")
    assert page.texts(BUBBLE) == ["one", "two"]


def test_connection_that_is_lost_before_the_history_comes_costs_none_of_it(page: Browser, service: ChatService) -> None:
    """The page asks for it again."""
    service.say("one")
    page.wait_for(BUBBLE, "one")
    service.slow = {"history"}
    page.run("location.reload()")
    service.wait_for(lambda: service.held > 0)
    service.say("two")
    service.slow = set()
    service.close_clients(1011)
    page.wait_for(STATE, "Connected")
    assert page.texts(LINE) == ["one", "two"]


def test_old_messages_have_no_time(page: Browser, service: ChatService, page_url: str) -> None:
    """The service does not tell when they were sent, and a wrong time is worse than none."""
    service.say("one")
    page.wait_for("time", ":")
    page.open(page_url)
    page.wait_for(".byline", "earlier")
    assert page.text("time") == ""


def test_room_that_may_have_missed_something_is_joined_again(page: Browser, service: ChatService) -> None:
    """The service says so by a code from 2500 on; the page has the position from which to recover."""
    service.say("before")
    page.wait_for(BUBBLE, "before")
    again = {"channel": "lobby", "unsubscribe": {"code": 2500, "reason": "insufficient state"}}
    service.push(json.dumps({"push": again}))
    service.say("after")
    page.wait_for(".entry:nth-child(2)", "after")
    service.wait_for(
        lambda: [each["subscribe"].get("recover") for each in service.received if "subscribe" in each] == [None, True]
    )
    assert page.texts(BUBBLE) == ["before", "after"]
