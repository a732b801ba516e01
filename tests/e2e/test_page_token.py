"""The chat page of a service that requires a token, in a browser."""

import base64
import json
from collections.abc import Iterator

import pytest

from tests.support import tokens
from tests.support.browser import ENTER, Browser
from tests.support.page_server import ChatService

FIELD = "#token"
STATE = "#state"
REFUSAL = "#refusal-text"


@pytest.fixture
def window(window: Browser) -> Iterator[Browser]:
    """Return the browser; at the end, leave the page and discard the errors of refused handshakes."""
    window.resize(1000, 700)
    yield window
    window.open("about:blank")
    window.complaints()


def enter(window: Browser, token: str) -> None:
    """Type a token into the open panel."""
    window.type(FIELD, token + ENTER)


def open_panel(window: Browser) -> None:
    window.click("#access summary")
    window.wait_for(FIELD)


def anything_like(window: Browser, token: str) -> list[str]:
    """Return the places in which the token can be read: address, markup, fields, history, storage, cookies."""
    script = """const fields = [...document.querySelectorAll("input, textarea")].map((field) => field.value).join();
        const places = { address: location.href, markup: document.documentElement.outerHTML, fields,
            history: JSON.stringify(history.state), storage: JSON.stringify(localStorage), cookies: document.cookie };
        return Object.keys(places).filter((place) => places[place]?.includes(arguments[0]))"""
    return list(window.run(script, token))


def test_nothing_is_offered_without_a_token(window: Browser, service: ChatService, page_url: str) -> None:
    """Most services require no token, and then the page does not mention one."""
    window.open(page_url)
    window.wait_for(STATE, "Connected")
    assert service.offered == [[]]
    assert window.text("#refusal") == ""
    assert window.text(FIELD) == ""


def test_refused_page_says_what_may_be_the_matter_and_takes_a_token(
    window: Browser, service: ChatService, page_url: str
) -> None:
    """A script cannot distinguish 401 from a service that is down."""
    service.token = tokens.hs256()
    window.open(page_url)
    window.wait_for(REFUSAL, "It may be out of reach, or ask for a token.")
    assert "ask for a token" in window.run("return document.getElementById('announcement').textContent")
    window.click("#refusal-remedy")
    assert window.run("return document.activeElement.id") == "token"
    enter(window, service.token)
    window.wait_for(STATE, "Connected")
    assert window.text("#refusal") == ""
    assert service.offered[-1] == ["centrifuge-json", f"bearer.{service.token}"]


def test_wrong_token_is_said_to_be_the_likely_reason(window: Browser, service: ChatService, page_url: str) -> None:
    """The message offers to enter another token."""
    service.token = tokens.hs256()
    window.open(page_url)
    open_panel(window)
    enter(window, tokens.hs256(exp=1))
    window.wait_for(REFUSAL, "or the token wrong or expired.")
    window.click("#refusal-remedy")
    window.wait_for("#token-note", "A token for ada is in use; it expired:")
    enter(window, service.token)
    window.wait_for(STATE, "Connected")


def test_token_goes_with_every_handshake_and_lives_as_long_as_the_tab(
    window: Browser, service: ChatService, page_url: str
) -> None:
    """The token survives a lost connection and a reload; another tab needs its own."""
    service.token = tokens.hs256()
    window.open(f"{page_url}#token={service.token}")
    window.wait_for(STATE, "Connected")
    service.close_clients(1011)
    window.wait_for(STATE, "Reconnecting")
    window.wait_for(STATE, "Connected")
    window.open(page_url)
    window.wait_for(STATE, "Connected")
    assert service.offered == [["centrifuge-json", f"bearer.{service.token}"]] * 3
    assert window.run("return [Object.keys(sessionStorage), localStorage.length]") == [["token"], 0]


def test_token_in_the_fragment_is_taken_and_removed_from_the_address(
    window: Browser, service: ChatService, page_url: str
) -> None:
    """A link may carry the token, but the address, which people see and copy, must not keep it."""
    service.token = tokens.hs256()
    window.open(f"{page_url}?from=mail#token={service.token}")
    window.wait_for(STATE, "Connected")
    assert window.run("return location.href") == f"{page_url}?from=mail"
    assert anything_like(window, service.token) == []


def test_link_with_another_token_is_followed_on_an_open_page(
    window: Browser, service: ChatService, page_url: str
) -> None:
    """A browser does not reload a page for a new fragment."""
    window.open(page_url)
    window.wait_for(STATE, "Connected")
    window.run("location.hash = 'token=sesame'")
    service.wait_for(lambda: len(service.offered) == 2)
    assert service.offered == [[], ["centrifuge-json", "bearer.sesame"]]
    assert window.run("return location.hash") == ""


def test_token_is_nowhere_to_be_read(window: Browser, service: ChatService, page_url: str) -> None:
    """Other people may see the screen, and the command for a terminal is copied."""
    token = service.token = tokens.hs256()
    window.open(page_url)
    open_panel(window)
    assert window.run("return document.getElementById('token').type") == "password"
    enter(window, token)
    window.wait_for(STATE, "Connected")
    window.click("#terminal summary")
    assert window.text("#connect-command") == f'wscat -c {service.url} -H "Authorization: Bearer $TOKEN"'
    assert anything_like(window, token) == []


def test_forgotten_token_is_offered_no_more(window: Browser, service: ChatService, page_url: str) -> None:
    """The page reconnects at once, without the token."""
    window.open(f"{page_url}#token=sesame")
    window.wait_for(STATE, "Connected")
    service.token = "sesame"
    open_panel(window)
    window.click("#forget")
    window.wait_for(REFUSAL, "ask for a token")
    assert service.offered[-1] == []
    assert window.run("return sessionStorage.length") == 0


def test_service_that_let_the_page_in_without_a_token_is_not_said_to_ask_for_one(
    window: Browser, service: ChatService, page_url: str
) -> None:
    """The service is down, and the page says when it tries again."""
    window.open(page_url)
    window.wait_for(STATE, "Connected")
    window.run(
        "window.states = []; const state = document.getElementById('connection');"
        "new MutationObserver(() => states.push(state.dataset.state)).observe(state, {attributes: true});"
        "Math.random = () => 0"
    )
    service.stop()
    try:
        while window.run("return states.filter((state) => state === 'waiting').length") < 2:
            window.wait_for(STATE, "Reconnecting in")
        assert window.text("#refusal") == ""
    finally:
        service.start()


@pytest.mark.parametrize(
    ("pasted", "taken"),
    [("Bearer sesame", "sesame"), ("  sesame ", "sesame"), ("Authorization: Bearer sesame", None), ("a,b", None)],
)
def test_what_was_pasted_is_tidied_or_refused(
    window: Browser, service: ChatService, page_url: str, pasted: str, taken: str | None
) -> None:
    """A subprotocol must not contain other characters, and a comma would split it in two."""
    window.open(page_url)
    window.wait_for(STATE, "Connected")
    open_panel(window)
    enter(window, pasted)
    if taken is None:
        window.wait_for("#token-problem", "characters that a browser cannot send")
        assert len(service.offered) == 1
    else:
        service.wait_for(lambda: len(service.offered) == 2)
        assert service.offered[-1] == ["centrifuge-json", f"bearer.{taken}"]


def unsigned(claims: object) -> str:
    """Return an unsigned token with these claims, which a page can read."""
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}."


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("opaque", "A token is in use."),
        ("not.base64!.x", "A token is in use."),
        (unsigned(None), "A token is in use."),
        (unsigned({"sub": 7, "exp": "never"}), "A token is in use."),
        (unsigned({"sub": "Zoë"}), "A token for Zoë is in use."),
        (unsigned({"sub": "ada", "exp": 1}), "A token for ada is in use; it expired: Jan 1, 1970"),
        (unsigned({"sub": "ada", "exp": 4102444800}), "A token for ada is in use, good until"),
    ],
)
def test_token_is_described_by_what_it_says_of_itself(
    window: Browser, page_url: str, token: str, sentence: str
) -> None:
    """A user can see that a token has expired without a decoder. A token may also be opaque."""
    window.open(page_url)
    script = """return import("/token.js").then(({ describe }) => describe(arguments[0], new Date()))"""
    assert window.run(script, token).startswith(sentence)


def test_panel_closes_with_escape_and_keeps_nothing_that_was_typed(window: Browser, page_url: str) -> None:
    """It behaves as the other menu does, and the focus returns to where it was."""
    window.open(page_url)
    open_panel(window)
    window.type(FIELD, "half a tok\ue00c")
    assert window.text("#access .panel") == ""
    assert window.run("return document.activeElement.parentElement.id") == "access"
    window.wait_for("#access:not([open])")
    assert window.run("return document.getElementById('token').value") == ""


@pytest.mark.parametrize("width", [320, 1440])
def test_panel_and_refusal_fit_windows_of_any_width(
    window: Browser, service: ChatService, page_url: str, width: int
) -> None:
    """No horizontal scrolling is needed (WCAG 2.2, 1.4.10)."""
    service.token = "sesame"
    window.resize(width, 640)
    window.open(f"{page_url}#token={unsigned({'sub': 'w' * 200, 'exp': 1})}")
    window.wait_for(REFUSAL)
    open_panel(window)
    overflow = "const root = document.documentElement; return root.scrollWidth - innerWidth"
    assert window.run(overflow) == 0
    left, right = window.run(
        "const box = document.querySelector('#access .panel').getBoundingClientRect(); return [box.left, box.right]"
    )
    assert 0 <= left < right <= width
