"""A site without users, its directory, bookshop and chat, over real sockets, as ``signin.ini`` has them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from typing import Any

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from chatsso_middleware.sandbox import directory, publica_la, website_toolbox
from chatsso_middleware.sandbox.server import SandboxServer
from example_app.demo_chats import HERE, ISSUER
from example_app.first_readers import CARD, EXPIRED_CARD, LOCKED_CARD, PASSWORD, admit
from example_app.reading_room.shelf import TABLE
from tests.support.form_browser import FormBrowser
from tests.support.free_ports import free_ports

NORA = "nora.finch@example.org"
CATALOGUES = HERE / "reading_room" / "signin" / "locale"


class Reader(FormBrowser):
    """Somebody in a browser, with the site and with all that stands around it."""

    def __init__(
        self,
        site: str,
        library: directory.RunningSandbox,
        store: publica_la.RunningSandbox,
        chat: website_toolbox.RunningSandbox,
    ) -> None:
        super().__init__(site)
        self.library = library
        self.store = store
        self.chat = chat

    def on_site_as(self, path: str = "/") -> str:
        """Whom the site's page greets; empty for nobody."""
        self.get(path)
        found = [each for each in self.document.iter("span") if each.get("id") == "reader"]
        return str(found[0].text) if found else ""

    def link(self, path: str, text: str) -> str:
        """Where the first link with this text leads to from the page at `path`."""
        self.get(path)
        links = self.document.iter("a")
        return next(str(link.get("href")) for link in links if text in "".join(link.itertext()))

    def log_in(self, card: str = CARD, password: str = PASSWORD) -> Any:
        """Fill in the form of the hosted page that is shown, and load the pictures of the next page."""
        page = self.send(login=card, password=password)
        self.load_images(page)
        return page

    def enter(self) -> None:
        """Log in, from the front page."""
        self.get(self.link("/", "Log in"))
        self.log_in()

    def log_out(self) -> None:
        self.get(self.link("/", "Log out"))
        self.load_images(self.send())

    def in_chat_as(self) -> str:
        """Whom the chat takes this browser for; empty for nobody."""
        return self.get(f"{self.chat.url}/", images=False).user

    def told(self) -> str:
        """What the page says in its summary of errors."""
        [alert] = [each for each in self.document.iter() if each.get("id") == "alert"]
        return " ".join(" ".join(alert.itertext()).split())


@pytest.fixture(params=["direct", "gateway"])
def reader(request: pytest.FixtureRequest, make_site: Callable[..., Any]) -> Iterator[Reader]:
    """A browser in front of the site, with each delivery in turn."""
    with ExitStack() as stack:
        library = stack.enter_context(directory.serve(shape="nested", api_key="the key of the reading room"))
        admit(library.people)
        store = stack.enter_context(publica_la.serve(issuer=ISSUER))
        chat = stack.enter_context(website_toolbox.serve())
        addresses = {
            "directory_address": library.url,
            "store_address": store.url,
            "chat_address": chat.url,
        }
        secrets = {
            "DIRECTORY_API_KEY": "the key of the reading room",
            "PUBLICA_LA_KEY": store.key,
            "WEBSITE_TOOLBOX_API_KEY": chat.api_key,
        }
        # Ways out of the store, the chat and the hosted page lead to the site's own address.
        port = free_ports()
        site = SandboxServer(
            make_site(addresses, secrets, chat="signin", port=port, delivery=request.param), port=port
        )
        site.start()
        stack.callback(site.stop)
        browser = Reader(site.url, library, store, chat)
        stack.callback(browser.close)
        yield browser


def test_a_book_asks_for_the_card_and_opens_in_the_store(reader: Reader) -> None:
    reader.get(reader.link("/books", "Night Trains"))
    assert reader.shown.address.startswith(f"{reader.site}/chatsso/signin?next=")
    page = reader.log_in()
    assert page.address == f"{reader.store.url}/reader/night-trains"
    assert reader.heading == "Night Trains"
    user = reader.store.store.user("reader-31")
    assert user is not None
    assert user.email == NORA


def test_the_reader_s_way_out_of_a_book_leads_back_to_the_books(reader: Reader) -> None:
    reader.enter()
    reader.get(reader.link("/books", "Night Trains"))
    reader.follow("exit")
    assert reader.shown.address.endswith("/books")


def test_the_site_and_its_chat_know_who_logged_in(reader: Reader) -> None:
    reader.enter()
    assert reader.on_site_as() == "Nora Finch"
    assert reader.in_chat_as() == NORA
    account = reader.chat.room.account(NORA)
    assert account is not None
    assert account.username == "Nora Finch"


def test_the_link_to_the_chat_logs_in_where_images_set_no_cookies(reader: Reader) -> None:
    reader.enter()
    address = reader.link("/circle", "a window of its own")
    reader.session.cookies.pop("sandbox_chatroom", None)
    assert reader.get(address, images=False).user == NORA


def test_a_guest_who_follows_the_link_to_the_chat_logs_in_first(reader: Reader) -> None:
    reader.get(reader.link("/", "Open the chat"), images=False)
    assert reader.heading == "Log in"
    assert reader.log_in().user == NORA


def test_after_a_logout_neither_site_nor_chat_knows_the_reader(reader: Reader) -> None:
    reader.enter()
    assert reader.on_site_as() == "Nora Finch"
    reader.log_out()
    assert reader.on_site_as() == ""
    assert reader.in_chat_as() == ""
    reader.get(reader.link("/books", "Night Trains"))
    assert reader.heading == "Log in"


def test_the_room_s_own_login_page_leads_into_the_room(reader: Reader) -> None:
    reader.get("/chatsso/login?to=/room/night-trains", images=False)
    page = reader.log_in()
    assert page.address == f"{reader.chat.url}/room/night-trains"


def test_whom_the_store_refuses_is_sent_to_the_login_and_back(reader: Reader) -> None:
    reader.get("/chatsso/login?provider=publica_la")
    page = reader.log_in()
    assert page.address == f"{reader.store.url}/"
    assert page.user == "reader-31"


@pytest.mark.parametrize(
    ("card", "password", "told"),
    [
        (CARD, "in libris 1926", "The card number or the password is wrong."),
        ("204118", PASSWORD, "The card number or the password is wrong."),
        (LOCKED_CARD, PASSWORD, "This card is locked. Please come to the desk, or call 555 0142."),
        (EXPIRED_CARD, PASSWORD, "This card has expired. We renew it at the desk while you wait."),
    ],
)
def test_whoever_cannot_come_in_is_told_why(reader: Reader, card: str, password: str, told: str) -> None:
    reader.get("/chatsso/signin")
    assert reader.log_in(card, password).status == 422
    assert told in reader.told()
    assert reader.on_site_as() == ""


@pytest.mark.parametrize(
    ("language", "label", "refusal"),
    [
        ("en", "Card number", "A card number has six digits. It stands on the back of your card."),
        ("pt", "Número do cartão", "O número do cartão tem seis dígitos. Ele está no verso do cartão."),
        ("es", "Número de carné", "El número de carné tiene seis cifras. Está en el reverso del carné."),
        ("de", "Ausweisnummer", "Eine Ausweisnummer hat sechs Ziffern."),
    ],
)
def test_what_cannot_be_a_card_is_refused_in_every_language_and_without_a_call(
    reader: Reader, language: str, label: str, refusal: str
) -> None:
    reader.get(f"/chatsso/signin?lang={language}")
    assert label in reader.text
    reader.log_in("Nora")
    assert refusal in reader.told()
    assert len(reader.library.calls.to("/login")) == 0


def test_a_directory_that_fails_is_not_the_reader_s_fault(reader: Reader) -> None:
    reader.library.directory.fail_with(status=503)
    reader.get("/chatsso/signin")
    assert reader.log_in().status == 503
    assert "It is not your password" in reader.told()


def test_the_hosted_page_has_the_house_s_looks_and_ways_out(reader: Reader) -> None:
    reader.get("/chatsso/signin")
    [logo] = reader.shown.images
    assert reader.ask(logo).headers["Content-Type"].startswith("image/svg+xml")
    links = {str(link.get("href")) for link in reader.document.iter("a")}
    assert {"/new-password", "/questions", "/terms"} <= links
    for path in ("/new-password", "/questions", "/terms"):
        assert reader.get(path).status == 200
    assert "--accent: #1f4f86" in "".join(str(style.text) for style in _styles(reader))


def _styles(reader: Reader) -> Iterator[Any]:
    reader.get("/chatsso/signin")
    return reader.document.iter("style")


def test_an_ordinary_visit_leaves_nothing_in_the_log(
    reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    reader.enter()
    for path in ("/", "/books", "/circle", "/static/room.css", "/nothing-here"):
        reader.get(path)
    reader.log_out()
    complaints = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in complaints] == []


def test_the_site_is_the_same_without_store_and_chat(reader: Reader) -> None:
    reader.enter()
    reader.store.stop()
    reader.chat.stop()
    for path in ("/", "/books", "/circle"):
        assert reader.get(path, images=False).status == 200


def test_the_store_has_every_book_on_the_table() -> None:
    assert {book.path for book in TABLE} <= {f"/reader/{slug}" for slug in publica_la.BOOKS}
    for book in TABLE:
        found = publica_la.BOOKS[book.path.removeprefix("/reader/")]
        assert (found.title, found.author) == (book.title, book.author)


@pytest.mark.parametrize("language", ["en", "pt", "es", "de"])
def test_the_compiled_catalogue_is_the_one_of_the_source(language: str) -> None:
    folder = CATALOGUES / language / "LC_MESSAGES"
    compiled = BytesIO()
    with (folder / "signin.po").open("rb") as written:
        write_mo(compiled, read_po(written, locale=language))
    assert (folder / "signin.mo").read_bytes() == compiled.getvalue()


@pytest.mark.parametrize("language", ["pt", "es", "de"])
def test_a_catalogue_has_every_message_of_the_ini(language: str) -> None:
    lines = (HERE / "signin.ini").read_text(encoding="utf-8").splitlines()
    keys = ("signin.message.", "signin.check.login.message", "signin.check.password.message")
    said = {line.partition(" = ")[2] for line in lines if line.startswith(keys)}
    assert len(said) == 6
    with (CATALOGUES / language / "LC_MESSAGES" / "signin.po").open("rb") as written:
        translated = {message.id for message in read_po(written, locale=language) if message.string}
    assert said <= translated
