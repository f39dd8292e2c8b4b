"""A link on the site, and the user in the chat."""

from __future__ import annotations

import json
import time
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import time_machine

from chatsso_middleware.sandbox.typingmind import RunningSandbox, serve
from tests.sandbox.typingmind.visitor import signed, unsigned
from tests.support.form_browser import FormBrowser
from tests.support.member_site import ENTRANCES

from .conftest import ANN, BOB, HOUR, LINK, StartSite, claims_of, log_in, who

GATEWAY = "/chatsso/go?to=%2F&provider=typingmind"


def token_of_link(browser: FormBrowser) -> str:
    """The token in the chat link of the page that is shown; empty if there is none."""
    return parse_qs(urlsplit(browser.shown.links["chat"]).query).get(LINK, [""])[0]


def log_in_and_wait(browser: FormBrowser) -> None:
    """Log in, and be on a page that came when the token was there: none waits for a link's."""
    log_in(browser)
    browser.ask("/chatsso/go")
    browser.get("/")


@pytest.mark.parametrize("delivery", ["direct", "gateway"])
@pytest.mark.parametrize("entrance", ENTRANCES)
def test_who_is_logged_in_on_the_site_is_in_the_chat_by_its_link(
    start_site: StartSite, instance: RunningSandbox, entrance: str, delivery: str
) -> None:
    browser = start_site(entrance, delivery=delivery)
    log_in_and_wait(browser)
    assert (token_of_link(browser) != "") is (delivery == "direct")
    browser.follow("chat")
    assert (browser.shown.address, browser.shown.user) == (f"{instance.url}/", ANN)
    (user,) = instance.instance.users
    assert (user.external_id, user.email) == ("u-4711", ANN)

    browser.post("/leave", images=False)
    expected = GATEWAY if delivery == "gateway" else f"{instance.url}/"
    assert browser.get("/").links["chat"] == expected
    before = len(browser.given(LINK))
    browser.follow("chat")
    assert len(browser.given(LINK)) == before, "a link logs nobody in any more"


@pytest.mark.parametrize("delivery", ["direct", "gateway"])
def test_the_token_in_form_user_says_exactly_what_is_documented(
    start_site: StartSite, instance: RunningSandbox, delivery: str
) -> None:
    browser = start_site(delivery=delivery)
    extra = {"plan": "pro", "teams": ["red", "blue"], "id": "evil", "email": "evil@example.com"}
    before = int(time.time())
    log_in(browser, name="Ann", username="ann", avatar_url="/ann.png", extra=json.dumps(extra))
    browser.follow("chat")
    (token,) = browser.given(LINK)
    claims = claims_of(token, instance)
    assert before + 7 * 24 * HOUR <= claims.pop("exp") <= int(time.time()) + 7 * 24 * HOUR
    assert claims == {"user": {"id": "u-4711", "email": ANN, "plan": "pro", "teams": ["red", "blue"]}}
    (user,) = instance.instance.users
    assert user.metadata == {"plan": "pro", "teams": ["red", "blue"]}


def test_the_token_in_form_email_says_exactly_what_is_documented(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    instance.instance.add_user(ANN)
    browser = start_site(typingmind_form="email", typingmind_expires="2 hours")
    before = int(time.time())
    log_in(browser, extra='{"plan": "pro"}')
    browser.follow("chat")
    assert browser.shown.user == ANN
    (token,) = browser.given(LINK)
    claims = claims_of(token, instance)
    assert before + 2 * HOUR <= claims.pop("exp") <= int(time.time()) + 2 * HOUR
    assert claims == {"email": ANN}


def test_the_token_in_form_id_says_exactly_what_is_documented(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    invited = instance.instance.add_user(ANN)
    browser = start_site(typingmind_form="id", typingmind_api_key=instance.api_key)
    log_in(browser)
    browser.follow("chat")
    assert browser.shown.user == ANN
    (token,) = browser.given(LINK)
    claims = claims_of(token, instance)
    del claims["exp"]
    assert claims == {"id": invited.id}
    assert len(instance.calls.to("/api/v2/users")) == 1


@pytest.mark.parametrize("form", ["email", "id"])
def test_who_is_no_user_of_the_instance_is_not_made_one(
    start_site: StartSite, instance: RunningSandbox, form: str
) -> None:
    browser = start_site(typingmind_form=form, typingmind_api_key=instance.api_key, page_wait="0.1")
    log_in(browser)
    browser.follow("chat")
    assert browser.shown.user == ""
    assert instance.instance.users == ()


def test_until_the_token_is_there_a_link_leads_through_the_gateway(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    instance.instance.add_user(ANN)
    browser = start_site(typingmind_form="id", typingmind_api_key=instance.api_key, page_wait="0")
    instance.instance.fail_with(delay=60)
    log_in(browser)
    assert browser.shown.links["chat"] == GATEWAY
    instance.instance.faults.wait_until_held_back()
    instance.instance.recover()
    browser.follow("chat")
    assert browser.shown.user == ANN


def test_a_token_is_renewed_long_before_its_end(start_site: StartSite, instance: RunningSandbox) -> None:
    with time_machine.travel(time.time()) as clock:
        browser = start_site(typingmind_expires="4 hours")
        log_in_and_wait(browser)
        first = token_of_link(browser)
        clock.shift(3.5 * HOUR)
        browser.get("/")
        browser.get("/chatsso/go")  # which waits for the new one
        browser.get("/")
        second = token_of_link(browser)
        assert second != first
        assert claims_of(second, instance)["exp"] - time.time() > 3 * HOUR
        clock.shift(0.5 * HOUR)
        browser.get(f"{instance.url}/?{LINK}={first}", images=False)
        assert browser.shown.status == 403, "the first one is over"
        browser.get("/")
        browser.follow("chat")
        assert browser.shown.user == ANN


def test_no_page_ever_holds_a_token_in_the_last_quarter_of_its_life(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    with time_machine.travel(time.time()) as clock:
        browser = start_site(typingmind_expires="4 hours")
        log_in(browser)
        for _ in range(24):
            clock.shift(0.5 * HOUR)
            browser.get("/")
            token = token_of_link(browser)
            if token:
                assert claims_of(token, instance)["exp"] - time.time() >= HOUR
            else:
                assert browser.shown.links["chat"] == GATEWAY
            browser.follow("chat")
            assert browser.shown.user == ANN


def test_a_second_user_in_one_browser_is_himself_in_the_chat(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    browser = start_site()
    log_in(browser)
    browser.follow("chat")
    log_in(browser, BOB)
    browser.follow("chat")
    assert who(browser, instance) == BOB
    tokens = browser.given(LINK)
    assert [claims_of(token, instance)["user"]["email"] for token in tokens] == [ANN, BOB]


# Tokens that are not ours to give, or not the instance's to take.


def test_the_tokens_of_another_instance_log_nobody_in(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    with serve() as other:
        browser = start_site(typingmind_secret=other.secret)
        log_in(browser)
        browser.follow("chat")
        assert browser.shown.status == 403
        assert instance.calls[-1].outcome.startswith("Nobody was logged in: ")
        assert who(browser, instance) == ""
        assert instance.instance.users == ()


@pytest.mark.parametrize("kind", ["none", "another key", "expired", "changed"])
def test_a_token_that_somebody_made_up_reaches_the_chat_neither_by_us_nor_logs_in_by_itself(
    start_site: StartSite, instance: RunningSandbox, kind: str
) -> None:
    browser = start_site()
    log_in_and_wait(browser)
    claims = claims_of(token_of_link(browser), instance)
    good = token_of_link(browser)
    header, _, signature = good.split(".")
    bob = claims | {"user": {"id": "u-4712", "email": BOB}}
    forged = {
        "none": unsigned(bob),
        "another key": signed(bob, "another-key-of-more-than-32-octets"),
        "expired": signed(bob | {"exp": int(time.time()) - 1}, instance.secret),
        "changed": f"{header}.{signed(bob, 'x' * 32).split('.')[1]}.{signature}",
    }[kind]

    browser.get(f"/chatsso/go?to={quote(f'/?{LINK}={forged}', safe='')}&{LINK}={forged}", images=False)
    assert browser.shown.user == ANN
    assert forged not in browser.given(LINK)[1:]

    stranger = browser.ask(f"{instance.url}/?{LINK}={forged}")
    assert stranger.status_code == 403
    assert [user.email for user in instance.instance.users] == [ANN]


# What the chat itself does.


def test_an_instance_that_is_down_costs_the_site_nothing(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    browser = start_site()
    instance.stop()
    log_in_and_wait(browser)
    assert token_of_link(browser)


def test_an_instance_without_a_seat_says_so_itself(start_site: StartSite) -> None:
    with serve(seats=0) as full:
        browser = start_site(typingmind_url=full.url, typingmind_secret=full.secret)
        log_in(browser)
        browser.get("/chatsso/go", images=False)
        assert browser.shown.status == 403
        assert "no seat left" in browser.text
