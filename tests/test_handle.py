"""The handle: every call of it, against a running sandbox and a real outbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware.assembly import Site, assemble
from chatsso_middleware.changes import Delete
from chatsso_middleware.errors import InvalidUser, OutboxUnavailable
from chatsso_middleware.handle import Handle
from chatsso_middleware.outbox import Outbox
from chatsso_middleware.page.markup import Markup
from chatsso_middleware.sandbox import rocketchat
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox, serve
from chatsso_middleware.sessions import Credentials
from chatsso_middleware.state.session_state import NOBODY
from chatsso_middleware.users import ChatUser
from tests.support.flow import LONG, SECRET

ANN, BOB, NEW = "ann@example.com", "bob@example.com", "new@example.com"
GENERATE = "/sso/token/generate"


@pytest.fixture
def room() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


class BrowserAtSite:
    """One browser's cookies, and a handle for each of its requests."""

    def __init__(self, site: Site, script_name: str = "") -> None:
        self.site = site
        self.script_name = script_name
        self.cookies: dict[str, str] = {}

    def request(self) -> Handle:
        header = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return Handle(
            self.site.flow,
            self.site.accounts,
            self.site.cookie,
            header,
            script_name=self.script_name,
            mount="/chatsso",
            secure=False,
        )

    def keep(self, *set_cookies: str) -> None:
        for set_cookie in set_cookies:
            name, _, value = set_cookie.partition(";")[0].partition("=")
            self.cookies[name] = value

    def say(self, what: Callable[[Handle], object]) -> Handle:
        """A request in which the host says `what`, answered without a page."""
        handle = self.request()
        what(handle)
        if handle.changed:
            self.keep(handle.set_cookie())
        handle.headers_gone = True
        return handle


@pytest.fixture
def start(room: RunningSandbox, tmp_path: Path) -> Iterator[Callable[..., BrowserAtSite]]:
    sites = []

    def start_site(script_name: str = "", **settings: Any) -> BrowserAtSite:
        site = assemble(
            {
                "providers": "website_toolbox",
                "secret": SECRET,
                "outbox": f"sqlite:///{tmp_path}/outbox.sqlite3",
                "page_wait": LONG / 2,
                "website_toolbox.url": room.url,
                "website_toolbox.api_key": room.api_key,
            }
            | settings
        )
        sites.append(site)
        site.start()
        return BrowserAtSite(site, script_name)

    yield start_site
    for site in sites:
        site.stop()


@pytest.fixture
def chat() -> Iterator[rocketchat.RunningSandbox]:
    with rocketchat.serve() as sandbox:
        yield sandbox


@pytest.fixture
def with_rocketchat(start: Callable[..., BrowserAtSite], chat: rocketchat.RunningSandbox) -> BrowserAtSite:
    """A browser at a site with the room and a Rocket.Chat, whose links lead through the gateway."""
    return start(
        **{
            "providers": "website_toolbox rocketchat",
            "rocketchat.url": chat.url,
            "rocketchat.admin_user_id": chat.admin_user_id,
            "rocketchat.admin_token": chat.admin_token,
            "rocketchat.token_secret": chat.token_secret,
        }
    )


@pytest.fixture
def browser(start: Callable[..., BrowserAtSite]) -> BrowserAtSite:
    return start()


def emails(room: RunningSandbox) -> list[str]:
    return sorted(account.email for account in room.room.accounts)


# Who is logged in.


def test_a_login_is_kept_by_the_browser_with_all_that_was_said(browser: BrowserAtSite) -> None:
    said: dict[str, Any] = {
        "username": "ann",
        "name": "Ann",
        "avatar_url": "https://a.example/1.png",
        "id": "7",
    }
    browser.say(lambda handle: handle.log_in(ANN, remember=True, extra={"plot": 3}, **said))
    handle = browser.request()
    assert handle.user == ChatUser(ANN, extra={"plot": 3}, **said)
    assert handle.state.remember
    assert not handle.changed
    browser.say(lambda handle: handle.log_out())
    assert browser.request().user is None


def test_a_whole_user_may_be_given(browser: BrowserAtSite) -> None:
    user = ChatUser(ANN, username="ann")
    assert browser.say(lambda handle: handle.log_in(user)).user is user


@pytest.mark.parametrize(
    "arguments",
    [
        {"email": "nobody"},
        {"email": ""},
        {"email": None},
        {"email": "ann@exam ple.com"},
        {"email": ANN, "username": "a\nb"},
        {"email": ANN, "avatar_url": 7},
        {"email": ANN, "extra": ["no mapping"]},
    ],
    ids=str,
)
def test_what_no_chat_could_take_is_refused_at_once_and_changes_nothing(
    browser: BrowserAtSite, arguments: dict[str, Any]
) -> None:
    handle = browser.request()
    for method in (handle.log_in, handle.register):
        with pytest.raises(InvalidUser):
            method(**arguments)
    assert handle.state is NOBODY
    assert not handle.spoken


def test_extra_that_json_cannot_hold_is_left_out_and_the_login_stands(browser: BrowserAtSite) -> None:
    browser.say(lambda handle: handle.log_in(ANN, extra={"when": object(), "plot": 3}))
    assert browser.request().user == ChatUser(ANN, extra={"plot": 3})


def test_a_logout_without_a_login_sets_no_cookie(browser: BrowserAtSite) -> None:
    handle = browser.say(lambda handle: handle.log_out())
    assert not handle.changed
    assert handle.spoken
    assert browser.cookies == {}


def test_out_and_in_again_in_one_request_is_no_logout(browser: BrowserAtSite, room: RunningSandbox) -> None:
    browser.say(lambda handle: handle.log_in(ANN, remember=True))
    room.calls.wait_for(GENERATE)

    def rotate(handle: Handle) -> None:
        handle.log_out()
        handle.log_in(ANN)

    state = browser.say(rotate).state
    assert state.departed == ()
    assert state.remember, "the rotation says nothing of it"
    assert browser.request().chat_url() == browser.request().chat_url()
    assert len(room.calls.to(GENERATE)) == 1, "the token was never taken away"


def test_out_and_in_again_may_change_its_mind_about_remembering(browser: BrowserAtSite) -> None:
    browser.say(lambda handle: handle.log_in(ANN, remember=True))

    def rotate(handle: Handle) -> None:
        handle.log_out()
        handle.log_in(ANN, remember=False)

    assert not browser.say(rotate).state.remember


def test_several_users_in_one_request_leave_in_their_order(browser: BrowserAtSite) -> None:
    browser.say(lambda handle: handle.log_in(ANN))

    def quickly(handle: Handle) -> None:
        handle.log_in(BOB)
        handle.log_in(NEW)

    state = browser.say(quickly).state
    assert [departed.email for departed in state.departed] == [ANN, BOB]
    assert state.user == ChatUser(NEW)


def test_a_login_expected_for_the_next_page_leaves_whoever_is_here_until_then(
    browser: BrowserAtSite,
) -> None:
    browser.say(lambda handle: handle.log_in(ANN))

    def rotate(handle: Handle) -> None:
        handle.log_out()
        handle.expect_login(remember=True)

    handle = browser.say(rotate)
    assert handle.spoken
    assert handle.user == ChatUser(ANN)
    flow = browser.site.flow
    same = flow.reconcile(browser.request().state, ChatUser(ANN))
    assert (same.remember, same.departed) == (True, ())
    other = flow.reconcile(browser.request().state, ChatUser(BOB))
    assert (other.remember, [departed.email for departed in other.departed]) == (True, [ANN])
    nobody = flow.reconcile(browser.request().state, None)
    assert (nobody.user, nobody.remember_next) == (None, False)


@pytest.mark.parametrize("call", ["log_in", "log_out", "expect_login"])
def test_what_comes_after_the_headers_changes_nothing_and_is_logged(
    browser: BrowserAtSite, caplog: pytest.LogCaptureFixture, room: RunningSandbox, call: str
) -> None:
    browser.say(lambda handle: handle.log_in(ANN))
    handle = browser.request()
    before = handle.chat_url()
    handle.headers_gone = True
    arguments: dict[str, dict[str, Any]] = {"log_in": {"email": BOB}, "expect_login": {"remember": True}}
    getattr(handle, call)(**arguments.get(call, {}))
    assert handle.user == ChatUser(ANN)
    assert not handle.changed
    assert "after the headers" in caplog.text
    assert BOB not in caplog.text
    assert browser.request().chat_url() == before, "the token was left where it is"


def test_it_shows_nothing_of_whom_it_speaks(browser: BrowserAtSite) -> None:
    handle = browser.request()
    assert repr(handle) == "<chatsso handle: nobody is logged in>"
    handle.log_in(ANN, username="ann")
    assert repr(handle) == "<chatsso handle: somebody is logged in>"


def test_it_works_in_every_thread(browser: BrowserAtSite) -> None:
    handle = browser.request()
    thread = threading.Thread(target=handle.log_in, args=(ANN,))
    thread.start()
    thread.join()
    assert handle.user == ChatUser(ANN)


# Accounts.


def test_a_new_account_reaches_the_chat(browser: BrowserAtSite, room: RunningSandbox) -> None:
    browser.say(lambda handle: handle.register(ANN, username="ann", password="hers"))
    browser.say(lambda handle: handle.register(ChatUser(BOB, username="bob")))
    room.calls.wait_for("/sso/user/register", count=2)
    assert emails(room) == [ANN, BOB]
    assert browser.request().user is None, "to sign up is not to log in"


def test_an_account_that_the_chat_must_never_get_is_refused_before_anything_is_kept(
    browser: BrowserAtSite,
) -> None:
    handle = browser.request()
    calls: list[Callable[[], None]] = [
        lambda: handle.register('quoted"@example.com'),
        lambda: handle.edit(ANN, email="two,addresses@example.com"),
        lambda: handle.delete(ANN, "two,addresses@example.com"),
        lambda: handle.delete(),
        lambda: handle.edit(ANN),
        lambda: handle.edit("nobody", username="x"),
        lambda: handle.edit(ANN, username=""),
        lambda: handle.register(ANN, password=""),
    ]
    for call in calls:
        with pytest.raises(InvalidUser):
            call()
    assert browser.site.accounts.outbox.counts().waiting == 0


def test_a_broken_database_is_told_and_the_state_stays_as_it_is(
    browser: BrowserAtSite, tmp_path: Path
) -> None:
    browser.say(lambda handle: handle.log_in(ANN))
    broken = Outbox(f"sqlite:///{tmp_path}", [SECRET])  # a directory is no database
    object.__setattr__(browser.site.accounts, "outbox", broken)
    handle = browser.request()
    calls: list[Callable[[], None]] = [
        lambda: handle.register(BOB),
        lambda: handle.edit(ANN, email=NEW),
        lambda: handle.delete(ANN),
    ]
    for call in calls:
        with pytest.raises(OutboxUnavailable):
            call()
    assert handle.user == ChatUser(ANN)
    assert not handle.changed


def test_nothing_raises_because_the_chat_is_down(browser: BrowserAtSite, room: RunningSandbox) -> None:
    room.stop()
    handle = browser.request()
    handle.register(ANN, username="ann")
    handle.log_in(ANN)
    handle.edit(ANN, username="annie")
    handle.delete(BOB)
    assert handle.chat_url().startswith("/chatsso/go?")
    handle.log_out()
    assert browser.site.accounts.outbox.counts().waiting == 3


def test_who_changes_his_own_address_goes_on_under_the_new_one(
    browser: BrowserAtSite, room: RunningSandbox
) -> None:
    browser.say(lambda handle: handle.log_in(ANN, username="ann", remember=True))
    room.calls.wait_for(GENERATE)
    handle = browser.say(lambda handle: handle.edit(ANN, email=NEW))
    assert handle.user == ChatUser(NEW, username="ann")
    assert handle.state.remember
    assert handle.state.departed == ()
    assert browser.request().login_tag() != ""
    assert emails(room) == [NEW]


def test_who_changes_his_own_name_or_picture_is_logged_in_anew_with_them(
    browser: BrowserAtSite, room: RunningSandbox
) -> None:
    browser.say(lambda handle: handle.log_in(ANN, username="ann", avatar_url="https://a.example/1.png"))
    room.calls.wait_for(GENERATE)
    handle = browser.say(lambda handle: handle.edit(ANN, username="annie", avatar_url=""))
    assert handle.user == ChatUser(ANN, username="annie", avatar_url="")
    assert len(room.calls.to(GENERATE)) == 1, "the token is good for the same account"


def test_a_new_password_or_somebody_elses_account_changes_no_login(browser: BrowserAtSite) -> None:
    browser.say(lambda handle: handle.log_in(ANN))
    assert not browser.say(lambda handle: handle.edit(ANN, password="new")).changed
    assert not browser.say(lambda handle: handle.edit(BOB, email=NEW)).changed
    assert not browser.say(lambda handle: handle.delete(BOB)).changed
    assert not BrowserAtSite(browser.site).say(lambda handle: handle.edit(ANN, username="x")).changed


def test_who_deletes_his_account_is_logged_out(browser: BrowserAtSite, room: RunningSandbox) -> None:
    browser.say(lambda handle: handle.log_in(ANN))
    room.calls.wait_for(GENERATE)
    handle = browser.say(lambda handle: handle.delete(BOB, ANN))
    assert handle.user is None
    room.calls.wait_for("/sso/user/delete")
    assert emails(room) == []


def test_an_account_that_somebody_else_deletes_takes_its_token_along(
    browser: BrowserAtSite, room: RunningSandbox
) -> None:
    admin = BrowserAtSite(browser.site)
    admin.say(lambda handle: handle.log_in(BOB))
    browser.say(lambda handle: handle.log_in(ANN))
    browser.request().login_tag()
    assert room.url in browser.request().chat_url()
    admin.say(lambda handle: handle.delete(ANN))
    assert browser.request().chat_url().startswith("/chatsso/go?"), "a dead token helps nobody"


# The address of the chat.


def test_a_guest_gets_the_chats_own_address_or_is_led_to_the_login(
    start: Callable[..., BrowserAtSite], room: RunningSandbox
) -> None:
    assert start().request().chat_url("/room/a?b=c#d") == f"{room.url}/room/a?b=c#d"
    login_first = start("/app", guests="login", login_url="/login")
    assert login_first.request().chat_url("/room/a?b=c") == (
        "/app/chatsso/go?to=%2Froom%2Fa%3Fb%3Dc&provider=website_toolbox"
    )
    through = start(delivery="gateway").request()
    assert through.chat_url() == "/chatsso/go?to=%2F&provider=website_toolbox"
    assert not through.exposed


def test_a_member_gets_it_with_a_token_and_the_page_is_his_alone(
    browser: BrowserAtSite, room: RunningSandbox
) -> None:
    browser.say(lambda handle: handle.log_in(ANN))
    browser.request().login_tag()
    handle = browser.request()
    assert not handle.exposed
    assert handle.chat_url("/room").startswith(f"{room.url}/room?access_token=")
    assert handle.exposed


def test_after_the_headers_are_gone_no_token_is_handed_out(browser: BrowserAtSite) -> None:
    """The page could be kept by a cache: the header that forbids it was not sent."""
    browser.say(lambda handle: handle.log_in(ANN))
    browser.request().login_tag()
    handle = browser.request()
    handle.headers_gone = True
    assert handle.chat_url("/room") == "/chatsso/go?to=%2Froom&provider=website_toolbox"
    assert handle.login_tag() == ""
    assert "login" in browser.request().login_tag(), "it stays due"


def test_a_member_with_the_gateway_gets_an_address_without_a_token(
    start: Callable[..., BrowserAtSite],
) -> None:
    browser = start(delivery="gateway")
    browser.say(lambda handle: handle.log_in(ANN))
    handle = browser.request()
    assert handle.chat_url(provider="website_toolbox") == "/chatsso/go?to=%2F&provider=website_toolbox"
    assert not handle.exposed


def test_of_two_chats_each_link_is_as_its_chat_wants_it(
    with_rocketchat: BrowserAtSite, room: RunningSandbox, chat: rocketchat.RunningSandbox
) -> None:
    browser = with_rocketchat
    assert browser.request().chat_url("/channel/general", "rocketchat") == f"{chat.url}/channel/general"
    browser.say(lambda handle: handle.log_in(ANN))
    browser.request().login_tag()
    handle = browser.request()
    address = handle.chat_url("/channel/general", "rocketchat")
    assert address == "/chatsso/go?to=%2Fchannel%2Fgeneral&provider=rocketchat"
    assert not handle.exposed, "there is no token on the page, so caches may keep it"
    assert handle.chat_url("/room").startswith(f"{room.url}/room?access_token=")
    assert list(chat.calls) == [], "nobody has followed the link yet"


CREDENTIALS = Credentials("canary-password", "canary-token", ("canary-credential", "canary-secret"))


def test_what_a_login_brings_for_the_chat_is_kept_nowhere(
    with_rocketchat: BrowserAtSite, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        handle = with_rocketchat.say(lambda handle: handle.log_in(ANN, credentials=CREDENTIALS))
    assert handle.state == with_rocketchat.request().state
    shown = [repr(handle), repr(handle.state), repr(CREDENTIALS), str(with_rocketchat.cookies), caplog.text]
    assert "canary" not in "".join(shown)


@pytest.mark.parametrize("again", [False, True])
def test_a_password_that_a_login_brings_reaches_the_chat_that_wants_it(
    start: Callable[..., BrowserAtSite], chat: rocketchat.RunningSandbox, again: bool
) -> None:
    chat.chat.add_user("ann", email=ANN, password="her own")
    browser = start(
        **{"providers": "website_toolbox rocketchat", "rocketchat.url": chat.url},
        **{"rocketchat.mode": "password"},
    )
    if again:  # the host says a login twice, and the first time it does not know the password
        browser.say(lambda handle: handle.log_in(ANN, username="ann"))
    browser.say(lambda handle: handle.log_in(ANN, username="ann", credentials=Credentials("her own")))
    (call,) = chat.calls.wait_for("/api/v1/login")
    assert call.success
    assert call.parameters["password"] == "***"


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "relative", "", "/a\\b"])
def test_a_link_leads_through_the_gateway_to_the_chat_alone(
    with_rocketchat: BrowserAtSite, path: str
) -> None:
    with_rocketchat.say(lambda handle: handle.log_in(ANN))
    with pytest.raises(ValueError, match="no path in the chat"):
        with_rocketchat.request().chat_url(path, "rocketchat")


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https:evil", "room", "", "/a\nb"])
def test_a_path_that_leaves_the_chat_is_refused(browser: BrowserAtSite, path: str) -> None:
    with pytest.raises(ValueError, match="is no path in the chat"):
        browser.request().chat_url(path)


def test_an_unknown_chat_is_refused(browser: BrowserAtSite) -> None:
    with pytest.raises(ValueError, match="no provider 'rocketchat'"):
        browser.request().chat_url("/", provider="rocketchat")


# Tags that the host places itself.


def test_a_host_that_places_the_tags_gets_each_once_as_markup(
    browser: BrowserAtSite, room: RunningSandbox
) -> None:
    assert browser.request().login_tag() == ""
    browser.say(lambda handle: handle.log_in(ANN))
    handle = browser.request()
    assert handle.logout_tag() == ""
    tag = handle.login_tag()
    host = room.url.removeprefix("http:")
    assert tag.startswith(f'<img border="0" width="1" height="1" alt="" src="{host}/sso/token/login?')
    assert isinstance(tag, Markup)
    assert tag.__html__() == tag
    assert handle.exposed
    assert handle.login_tag() == "", "a template that asks twice places it once"
    browser.keep(*(handle.acknowledgement(tag) for tag in handle.placed))
    assert browser.request().login_tag() == ""


def test_in_one_request_the_logout_tag_has_the_token_of_the_login(
    browser: BrowserAtSite, room: RunningSandbox
) -> None:
    browser.say(lambda handle: handle.log_in(ANN))
    first = browser.request()
    token = str(first.login_tag()).partition("access_token=")[2].partition("&")[0]
    browser.keep(*(first.acknowledgement(tag) for tag in first.placed))
    handle = browser.request()
    handle.log_out()
    assert f"/sso/token/logout?access_token={token}" in handle.logout_tag()
    browser.keep(handle.set_cookie(), *(handle.acknowledgement(tag) for tag in handle.placed))
    assert browser.request().logout_tag() == ""
    assert len(room.calls.to(GENERATE)) == 1


def test_the_login_tag_waits_for_the_page_after_the_logout_tag(browser: BrowserAtSite) -> None:
    browser.say(lambda handle: handle.log_in(ANN))
    browser.say(lambda handle: handle.log_in(BOB))
    handle = browser.request()
    assert handle.login_tag() == ""
    assert "logout.gif?event=" in handle.logout_tag(), "the token of A must not stand in a page of B's"
    assert handle.login_tag() == ""
    assert handle.is_due(handle.chat(None), handle.state.departed[0].event)
    assert not handle.is_due(handle.chat(None), handle.state.login)
    assert not handle.is_due(handle.chat(None), "")


def test_all_waits_of_a_request_together_are_no_longer_than_page_wait(
    start: Callable[..., BrowserAtSite], room: RunningSandbox
) -> None:
    browser = start(page_wait="0.4")
    room.room.fail_with(delay=30)
    browser.say(lambda handle: handle.log_in(ANN))
    handle = browser.request()
    started = time.monotonic()
    for _ in range(20):
        handle.due_tags(0.4)
    handle.logout_tag()
    assert "login.gif" in handle.login_tag()
    # Twenty waits would be eight seconds; this bound only tells the two apart.
    assert time.monotonic() - started < 6
    assert handle.something_due
    room.room.recover()


def test_an_account_change_is_durable_when_the_call_returns(
    start: Callable[..., BrowserAtSite], room: RunningSandbox, tmp_path: Path
) -> None:
    room.stop()
    browser = start()
    browser.request().delete(ANN)
    with_a_new_process = Outbox(f"sqlite:///{tmp_path}/outbox.sqlite3", [SECRET])
    (entry,) = with_a_new_process.waiting()
    assert (entry.kind, entry.addresses) == ("delete", Delete((ANN,)).addresses_given)
    with_a_new_process.close()
