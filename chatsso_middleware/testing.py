"""Contract suites for extensions: inherit one in your own tests, and pytest runs what must hold.

For a provider of your own::

    from chatsso_middleware.testing import ProviderContract

    class TestMyChat(ProviderContract):
        @pytest.fixture
        def provider(self):
            with my_stand_in() as chat:
                yield MyChat({"url": chat.url, ...}, ChatAPI("my_chat", timeout=5))

The fixture gives a provider whose chat is running and answers. The suite speaks to it as the middleware does.
For one that makes a token at each click (`Provider.mints_at_click`) inherit `EntranceContract` instead.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .changes import Delete, Edit, Register
from .errors import ProviderError, Rejected
from .providers import ChatAPI, Provider, SiteFacts
from .sessions import ChatSession, Credentials
from .users import ChatUser

__all__ = ["EntranceContract", "ProviderContract"]

USER = ChatUser("contract.ann@example.com", username="contract-ann", name="Ann", id="1")
STRANGER = "contract.nobody@example.com"


class _ChatContract:
    """What holds for every chat system, however its visitors get in."""

    deletes: bool = True
    """Whether the chat has a way to delete accounts from outside."""

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

    # Account changes: the outbox delivers at least once.

    def test_done_already_counts_as_done(self, provider: Provider) -> None:
        """A change may come a second time, and its account may be gone."""
        deletions = (Delete((USER.email, STRANGER)),) * 2 if self.deletes else ()
        for change in (
            Register(USER),
            Register(USER),
            Edit(USER.email, username="contract-annie"),
            Edit(STRANGER, username="nobody"),
            *deletions,
        ):
            provider.deliver(provider.check_change(change))

    def test_a_deletion_that_cannot_be_delivered_is_refused(self, provider: Provider) -> None:
        """The owner finds what was refused in the outbox; what counts as done is forgotten."""
        try:
            provider.deliver(provider.check_change(Delete((STRANGER,))))
        except Rejected as refusal:
            assert not self.deletes
            assert not refusal.credentials, "tried for ever, it would never come to the owner's eyes"
            assert refusal.reason
        else:
            assert self.deletes

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
        lost = _without_its_chat(provider)
        for ask in (
            lambda: lost.open_session(USER),
            lambda: lost.deliver(lost.check_change(Delete((STRANGER,)))),
            lost.probe,
        ):
            try:
                ask()
            except ProviderError as error:
                assert error.provider == provider.name


class ProviderContract(_ChatContract):
    """What holds for a chat system with sessions. A subclass brings the fixture `provider`."""

    credentials: Credentials | None = None
    """What `open_session` needs beside the user, if the chat wants it."""

    def test_its_tokens_are_not_made_at_the_click(self, provider: Provider) -> None:
        """Else nobody opens a session, and `EntranceContract` is the suite to inherit."""
        assert not provider.mints_at_click

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


class EntranceContract(_ChatContract):
    """What holds for a chat system whose tokens are made at the click. A subclass brings `provider`."""

    def test_its_tokens_are_made_at_the_click(self, provider: Provider) -> None:
        """They stand in no page: links lead through our gateway, and there are no tags."""
        assert provider.mints_at_click
        assert provider.links_through_gateway
        assert not provider.has_tags
        assert not provider.opens_at_login(None)

    def test_an_entrance_is_on_its_hosts_and_in_one_line_of_ascii(self, provider: Provider) -> None:
        """Its address goes into a header, or into a form."""
        for remember in (False, True):
            entrance = provider.entrance(USER, "/path?a=\u00e9&b=c#d", remember=remember)
            assert urlsplit(entrance.address).netloc.lower() in provider.hosts
            assert entrance.address.isascii()
            assert entrance.address.isprintable()
            assert not any(character in entrance.address for character in " \"'<>")
            assert all(isinstance(part, str) for pair in entrance.fields for part in pair)

    def test_an_entrance_does_not_show_itself(self, provider: Provider) -> None:
        """It may stand in a log."""
        entrance = provider.entrance(USER, "/", remember=False)
        shown = repr(entrance)
        assert entrance.address not in shown
        assert not any(value in shown for _, value in entrance.fields)

    def test_every_click_has_an_entrance_of_its_own(self, provider: Provider) -> None:
        """A token may be taken once."""
        first, second = (provider.entrance(USER, "/", remember=False) for _ in range(2))
        assert first != second

    def test_an_entrance_needs_no_network(self, provider: Provider) -> None:
        """A browser is waiting for it."""
        assert _without_its_chat(provider).entrance(USER, "/", remember=False).address

    def test_an_entrance_never_leads_to_another_host(self, provider: Provider) -> None:
        """The path comes from a link that anybody may have written."""
        for path in (
            "//elsewhere.example/",
            "/\\elsewhere.example/",
            "https://elsewhere.example/",
            "",
            "/\n/",
        ):
            try:
                provider.entrance(USER, path, remember=False)
            except ValueError:
                continue
            raise AssertionError(f"{path!r} was taken for a path in the chat")

    def test_what_an_entrance_adds_is_dropped_from_links(self, provider: Provider) -> None:
        """A link that somebody else wrote could log the visitor in as somebody else."""
        entrance = provider.entrance(USER, "/", remember=False)
        names = {name for name, _ in parse_qsl(urlsplit(entrance.address).query)}
        assert names | {name for name, _ in entrance.fields} <= provider.link_parameter_names


def _without_its_chat(provider: Provider) -> Provider:
    options: dict[str, Any] = {**provider.options, "url": "http://127.0.0.1:9"}
    return type(provider)(options, ChatAPI(provider.name, timeout=2))
