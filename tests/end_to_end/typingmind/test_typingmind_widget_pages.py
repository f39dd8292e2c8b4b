"""The widget on the site's pages: whose it is, and when it is nobody's any more."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
import time_machine

from chatsso_middleware.sandbox.typingmind import RunningSandbox
from tests.support.form_browser import FormBrowser
from tests.support.member_site import ENTRANCES
from tests.support.servers import serving
from tests.support.shared_cache import SharedCache

from .conftest import ANN, ATTRIBUTE, BOB, HOUR, LINK, StartSite, claims_of, log_in

CODE = "/chatsso/typingmind/code"
OF_THE_PAGE = {"Sec_Fetch_Site": "same-origin", "X_Chatsso": "1"}


def scripts(browser: FormBrowser) -> list[dict[str, str]]:
    """The attributes of each script's tag in the page that is shown."""
    return [dict(each.attrib) for each in browser.document.iter("script")]


def widgets(browser: FormBrowser, instance: RunningSandbox) -> list[dict[str, str]]:
    return [each for each in scripts(browser) if each.get("src") == f"{instance.url}/widget.js"]


def who_is_in(widget: dict[str, str], browser: FormBrowser, instance: RunningSandbox) -> str:
    """Whom the frame greets that the widget's script opens."""
    return browser.get(f"{instance.url}/widget?code={widget.get(ATTRIBUTE, '')}", images=False).user


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_the_tag_on_the_page_names_the_member_and_after_the_logout_nobody(
    start_site: StartSite, instance: RunningSandbox, entrance: str
) -> None:
    browser = start_site(entrance, widget=f"{instance.url}/widget.js")
    guest = browser.get("/")
    assert widgets(browser, instance) == [{"defer": "", "id": "widget", "src": f"{instance.url}/widget.js"}]

    log_in(browser)
    (widget,) = widgets(browser, instance)
    claims = claims_of(widget[ATTRIBUTE], instance)
    assert set(claims) == {"user", "exp"}
    assert claims["user"] == {"id": "u-4711", "email": ANN}
    assert who_is_in(widget, browser, instance) == ANN

    browser.post("/leave", images=False)
    assert browser.shown.source == guest.source
    assert browser.shown.headers["Cache-Control"] == "public, max-age=60"


def test_only_the_widgets_own_tag_gains_it(start_site: StartSite, instance: RunningSandbox) -> None:
    browser = start_site(widget=f"{instance.url}/widget.js")
    log_in(browser)
    others = [each for each in scripts(browser) if each.get("src") != f"{instance.url}/widget.js"]
    assert others == [{"defer": "", "id": "elsewhere", "src": "https://elsewhere.example/widget.js"}]
    assert browser.shown.source.count(ATTRIBUTE.encode()) == 1


def test_a_page_with_a_code_is_for_its_user_alone(start_site: StartSite, instance: RunningSandbox) -> None:
    browser = start_site(widget=f"{instance.url}/widget.js", links="no", tags="no")
    assert browser.get("/").headers["Cache-Control"] == "public, max-age=60"
    log_in(browser)
    assert ATTRIBUTE.encode() in browser.shown.source
    assert browser.shown.headers["Cache-Control"] == "private, no-store"


def test_a_part_of_a_page_gains_it_too(start_site: StartSite, instance: RunningSandbox) -> None:
    browser = start_site(widget=f"{instance.url}/widget.js")
    log_in(browser)
    for headers in ({"X_Requested_With": "XMLHttpRequest"}, {"HX_Request": "true"}):
        answer = browser.ask("/", Accept="text/html", **headers)
        assert answer.text.count(ATTRIBUTE) == 1
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_the_code_on_a_page_is_renewed_long_before_its_end(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    with time_machine.travel(time.time()) as clock:
        browser = start_site(widget=f"{instance.url}/widget.js", typingmind_expires="4 hours")
        log_in(browser)
        for _ in range(16):
            clock.shift(0.75 * HOUR)
            browser.get("/")
            (widget,) = widgets(browser, instance)
            assert claims_of(widget[ATTRIBUTE], instance)["exp"] - time.time() >= HOUR
            assert who_is_in(widget, browser, instance) == ANN


def test_off_leaves_the_tag_alone(start_site: StartSite, instance: RunningSandbox) -> None:
    browser = start_site(widget=f"{instance.url}/widget.js", typingmind_widget="off")
    log_in(browser)
    assert widgets(browser, instance) == [{"defer": "", "id": "widget", "src": f"{instance.url}/widget.js"}]


# Placed by us.


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_inserted_it_stands_on_every_page_once_for_guests_and_members(
    start_site: StartSite, instance: RunningSandbox, entrance: str
) -> None:
    browser = start_site(entrance, typingmind_widget="insert")
    browser.get("/")
    (of_guest,) = widgets(browser, instance)
    assert ATTRIBUTE not in of_guest
    assert who_is_in(of_guest, browser, instance) == ""
    log_in(browser)
    (of_member,) = widgets(browser, instance)
    assert who_is_in(of_member, browser, instance) == ANN
    log_in(browser, BOB)
    (of_other,) = widgets(browser, instance)
    assert who_is_in(of_other, browser, instance) == BOB
    browser.post("/leave", images=False)
    assert widgets(browser, instance) == [of_guest]


def test_inserted_it_is_no_guests_where_guests_shall_log_in_first(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    browser = start_site(typingmind_widget="insert", guests="login")
    browser.get("/")
    assert widgets(browser, instance) == []
    log_in(browser)
    (widget,) = widgets(browser, instance)
    assert who_is_in(widget, browser, instance) == ANN


def test_the_page_of_a_guest_may_be_kept_with_the_widget_on_it(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    browser = start_site(typingmind_widget="insert")
    assert browser.get("/").headers["Cache-Control"] == "public, max-age=60"
    log_in(browser)
    assert browser.shown.headers["Cache-Control"] == "private, no-store"


def test_a_part_of_a_page_gets_no_widget_of_its_own(start_site: StartSite, instance: RunningSandbox) -> None:
    browser = start_site(typingmind_widget="insert")
    log_in(browser)
    answer = browser.ask("/", Accept="text/html", X_Requested_With="XMLHttpRequest")
    assert "/widget.js" not in answer.text.replace("https://elsewhere.example/widget.js", "")


# Where pages hold no token.


def test_through_the_gateway_a_page_holds_nothing_of_a_token(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    browser = start_site(typingmind_widget="insert", delivery="gateway")
    guest = browser.get("/").source
    log_in(browser)
    assert browser.shown.source == guest.replace(b"nobody", ANN.encode())
    assert ATTRIBUTE.encode() not in browser.shown.source
    assert LINK.encode() not in browser.shown.source
    assert {"src": "/chatsso/typingmind/widget.js", "defer": "defer"} in scripts(browser)
    assert browser.shown.headers["Cache-Control"] == "public, max-age=60"


def test_through_the_gateway_the_script_on_the_page_asks_for_the_code(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    browser = start_site(typingmind_widget="insert", delivery="gateway")
    script = browser.ask("/chatsso/typingmind/widget.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert f"{instance.url}/widget.js" in script.text
    assert browser.ask(CODE, **OF_THE_PAGE).json() == {"code": None}
    log_in(browser)
    answer = browser.ask(CODE, **OF_THE_PAGE)
    code = answer.json()["code"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert claims_of(code, instance)["user"] == {"id": "u-4711", "email": ANN}
    assert who_is_in({ATTRIBUTE: code}, browser, instance) == ANN
    browser.post("/leave", images=False)
    assert browser.ask(CODE, **OF_THE_PAGE).json() == {"code": None}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "X_Chatsso": "1"},
        {"Origin": "https://evil.example", "X_Chatsso": "1"},
        {},
    ],
    ids=str,
)
def test_no_other_site_is_given_the_code(
    start_site: StartSite, instance: RunningSandbox, headers: dict[str, str]
) -> None:
    browser = start_site(typingmind_widget="insert", delivery="gateway")
    log_in(browser)
    answer = browser.ask(CODE, **headers)
    assert (answer.status_code, answer.text) == (403, "")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_through_the_gateway_guests_get_no_widget_where_they_shall_log_in_first(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    browser = start_site(typingmind_widget="insert", delivery="gateway", guests="login")
    browser.get("/")
    assert {"src": "/chatsso/typingmind/members-widget.js", "defer": "defer"} in scripts(browser)
    script = browser.ask("/chatsso/typingmind/members-widget.js")
    assert '"guests": false' in script.text


def test_through_the_gateway_a_tag_on_the_page_stays_a_guests(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    browser = start_site(widget=f"{instance.url}/widget.js", delivery="gateway")
    log_in(browser)
    assert widgets(browser, instance) == [{"defer": "", "id": "widget", "src": f"{instance.url}/widget.js"}]


@pytest.mark.parametrize("placing", ["attribute", "insert"])
def test_two_users_behind_a_shared_cache_never_get_each_others_widget(
    start_site: StartSite, instance: RunningSandbox, placing: str
) -> None:
    origin = start_site(widget=f"{instance.url}/widget.js", typingmind_widget=placing)
    with SharedCache(origin.site) as cache, serving(cache) as address:
        browsers = {email: FormBrowser(address) for email in (ANN, BOB, "")}
        for email in (ANN, BOB):
            log_in(browsers[email], email)
        for _ in range(2):
            for email, browser in browsers.items():
                browser.get("/", images=False)
                widget = widgets(browser, instance)[-1]
                assert who_is_in(widget, browser, instance) in (email, "")
        assert cache.hits > 0, "the cache never answered, so nothing was tested"
        for browser in browsers.values():
            browser.close()


@pytest.mark.parametrize("delivery", ["direct", "gateway"])
def test_neither_secret_nor_key_nor_token_stands_in_any_log(
    start_site: StartSite,
    instance: RunningSandbox,
    settings: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    delivery: str,
) -> None:
    with caplog.at_level(logging.DEBUG):
        browser = start_site(
            typingmind_widget="insert", typingmind_api_key=instance.api_key, delivery=delivery
        )
        log_in(browser)
        tokens = [widget[ATTRIBUTE] for widget in widgets(browser, instance) if ATTRIBUTE in widget]
        tokens.append(str(browser.ask(CODE, **OF_THE_PAGE).json()["code"]))
        browser.follow("chat")
        browser.post("/delete", images=False, address=ANN)
        instance.calls.wait_for("/api/v2/users")
        pages = [
            browser.get(path).source.decode() for path in ("/", "/chatsso/nowhere", "/chatsso/go?to=//x")
        ]
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")]
    for secret in (instance.secret, instance.api_key, settings["secret"], *tokens, *browser.given(LINK)):
        assert [text for text in ours if secret in text] == []
    for secret in (instance.secret, instance.api_key, settings["secret"]):
        assert [text for text in pages if secret in text] == []
        assert secret not in caplog.text
