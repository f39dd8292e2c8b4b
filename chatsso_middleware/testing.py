"""Contract suites for extensions: inherit one in your own tests, and pytest runs what must hold.

For a provider of your own::

    from chatsso_middleware.testing import ProviderContract

    class TestMyChat(ProviderContract):
        @pytest.fixture
        def provider(self):
            with my_stand_in() as chat:
                yield MyChat({"url": chat.url, ...}, ChatAPI("my_chat", timeout=5))

The fixture gives a provider whose chat is running and answers. The suite speaks to it as the middleware does.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from .changes import Delete, Edit, Register
from .errors import ProviderError
from .providers import ChatAPI, Provider, SiteFacts
from .sessions import ChatSession, Credentials
from .users import ChatUser

__all__ = ["ProviderContract"]

USER = ChatUser("contract.ann@example.com", username="contract-ann", name="Ann", id="1")
STRANGER = "contract.nobody@example.com"


class ProviderContract:
    """What holds for every chat system. A subclass brings the fixture `provider`."""

    credentials: Credentials | None = None
    """What `open_session` needs beside the user, if the chat wants it."""

    # The table and the addresses.

    def test_its_name_can_stand_before_a_key(self, provider: Provider) -> None:
        """``providers = NAME`` and ``NAME.url`` are how an ini speaks of it."""
        assert provider.name.isidentifier()
        assert provider.name == provider.name.lower()

    def test_its_keys_are_told_apart_and_explained(self, provider: Provider) -> None:
        """Each key has a name of its own and a sentence for the owner."""
        names = [key.name for key in provider.keys]
        assert len(set(names)) == len(names)
        assert all(key.help for key in provider.keys)
        assert set(names) <= set(provider.options)

    def test_its_hosts_are_those_of_its_address(self, provider: Provider) -> None:
        """Links are found by them, in lower case."""
        assert urlsplit(provider.url).netloc.lower() in provider.hosts
        assert all(host == host.lower() for host in provider.hosts)
        assert not provider.url.endswith("/")

    # A login.

    def test_a_token_is_printable_and_lives_longer_than_its_margin(self, provider: Provider) -> None:
        """A token is handed out until the margin before its end."""
        session = provider.open_session(USER, self.credentials)
        assert session.token
        assert session.token.isascii()
        assert session.token.isprintable()
        assert session.expires_at > time.time() + provider.token_margin.total_seconds()

    def test_a_session_does_not_show_its_token(self, provider: Provider) -> None:
        """It may stand in a log."""
        session = provider.open_session(USER, self.credentials)
        assert session.token not in repr(session)

    def test_the_tags_are_on_its_hosts_and_in_one_line_of_ascii(self, provider: Provider) -> None:
        """A tag's address goes into a page as it is."""
        session = provider.open_session(USER, self.credentials)
        addresses = [provider.login_tag_url(session, remember=remember) for remember in (False, True)]
        addresses.append(provider.logout_tag_url(session))
        for address in addresses:
            assert (address is not None) == provider.has_tags
            if address is not None:
                assert urlsplit(address).netloc.lower() in provider.hosts
                assert address.isascii()
                assert address.isprintable()
                assert not any(character in address for character in " \"'<>")

    def test_a_hostile_token_cannot_leave_its_place(self, provider: Provider) -> None:
        """A chat may answer with anything."""
        session = ChatSession("\"><script>&=#'", time.time() + 3600)
        tag = provider.login_tag_url(session, remember=False) if provider.has_tags else None
        assert tag is None or not any(character in tag for character in "\"'<>#")

    def test_links_gain_text(self, provider: Provider) -> None:
        """Names and values are strings, each name once."""
        parameters = provider.link_parameters(provider.open_session(USER, self.credentials), remember=True)
        assert all(isinstance(part, str) for pair in parameters for part in pair)
        assert len({name for name, _ in parameters}) == len(parameters)

    def test_a_session_is_taken_until_it_is_closed(self, provider: Provider) -> None:
        """Where the chat can be asked at all. A renewed one counts like a first one."""
        session = provider.open_session(USER, self.credentials)
        assert provider.check_session(session)
        renewed = provider.renew_session(USER, session) if provider.check_interval else session
        assert provider.check_session(renewed)
        provider.close_session(renewed)
        assert provider.check_session(renewed) is (provider.check_interval is None)

    def test_a_session_that_nobody_knows_can_be_closed(self, provider: Provider) -> None:
        """Our memory of it may be lost, or there never was one."""
        provider.open_session(USER, self.credentials)
        provider.close_unknown_session(USER.email)
        provider.close_unknown_session(STRANGER)

    def test_a_session_can_be_closed_twice(self, provider: Provider) -> None:
        """A logout may be noticed twice."""
        session = provider.open_session(USER, self.credentials)
        provider.close_session(session)
        provider.close_session(session)

    # Account changes: the outbox delivers at least once.

    def test_done_already_counts_as_done(self, provider: Provider) -> None:
        """A change may come a second time, and its account may be gone."""
        for change in (
            Register(USER),
            Register(USER),
            Edit(USER.email, username="contract-annie"),
            Edit(STRANGER, username="nobody"),
            Delete((USER.email, STRANGER)),
            Delete((USER.email, STRANGER)),
        ):
            provider.deliver(provider.check_change(change))

    def test_what_is_kept_of_a_change_is_kept_again(self, provider: Provider) -> None:
        """It is checked when it is made and again when it is delivered."""
        for change in (
            Register(USER, "pass word"),
            Edit(USER.email, password="pass word"),
            Delete((STRANGER,)),
        ):
            kept = provider.check_change(change)
            assert provider.check_change(kept) == kept

    # Its own addresses.

    def test_its_addresses_are_told_apart(self, provider: Provider) -> None:
        """Each is one path below the provider's own, and takes at least one method."""
        paths = [endpoint.path for endpoint in provider.endpoints]
        assert len(set(paths)) == len(paths)
        assert not {"login.gif", "logout.gif"} & set(paths)
        for endpoint in provider.endpoints:
            assert not endpoint.path.startswith("/")
            assert endpoint.methods
            assert all(method == method.upper() for method in endpoint.methods)
        assert provider.page_script is None or provider.page_script in paths

    # The owner.

    def test_its_advice_is_in_sentences(self, provider: Provider) -> None:
        """``chatsso check`` shows it, and ``chatsso snippet`` what is to be pasted."""
        site = SiteFacts(
            site_url="https://www.example.org",
            mount="/chatsso",
            login_url="/login",
            logout_url="/logout",
            cookie_samesite="lax",
        )
        assert all(advice.text.strip() for advice in provider.advice(site))
        assert all(snippet.where.strip() and snippet.text.strip() for snippet in provider.snippets(site))

    def test_the_probe_says_a_sentence(self, provider: Provider) -> None:
        """``chatsso check`` shows it."""
        assert provider.probe().strip()

    def test_a_chat_that_is_not_there_is_a_provider_error(self, provider: Provider) -> None:
        """And nothing else: every caller expects it."""
        options: dict[str, Any] = {**provider.options, "url": "http://127.0.0.1:9"}
        lost = type(provider)(options, ChatAPI(provider.name, timeout=2))
        for ask in (
            lambda: lost.open_session(USER),
            lambda: lost.deliver(lost.check_change(Delete((STRANGER,)))),
            lost.probe,
        ):
            try:
                ask()
            except ProviderError as error:
                assert error.provider == provider.name
