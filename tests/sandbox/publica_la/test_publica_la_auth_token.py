from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest
import requests
from joserfc import jws
from joserfc.jwk import OctKey

from chatsso_middleware.sandbox.publica_la import RunningSandbox, StoreSettings, serve
from tests.sandbox.chat_client import Clock, Page
from tests.sandbox.publica_la.visitors import SITE, TOKEN_NAME, Visitor

REDIRECT_URL = f"{SITE}/chatsso/login?provider=publica_la"


def assert_refused(visitor: Visitor, response: requests.Response, reason: str) -> None:
    assert response.status_code == 302
    assert response.headers["Location"] == REDIRECT_URL
    assert "Set-Cookie" not in response.headers
    assert visitor.user == ""
    assert visitor.sandbox.store.users == ()
    call = visitor.sandbox.calls[-1]
    assert (call.success, call.outcome) == (False, f"Nobody was logged in: {reason}.")


def test_a_good_token_makes_the_user_and_logs_him_in(visitor: Visitor, sandbox: RunningSandbox) -> None:
    user = {
        "uuid": "4711",
        "email": "ann@example.com",
        "picture_url": "https://site.test/ann.png",
        "accept_terms_and_policies": True,
    }
    intended = f"{sandbox.url}/reader/night-trains?page=2"
    response = visitor.enter(visitor.token(user=user, intended_url=intended))
    assert (response.status_code, response.headers["Location"]) == (302, intended)
    assert response.headers["Set-Cookie"].endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert visitor.user == "4711"
    (known,) = sandbox.store.users
    assert (known.uuid, known.email, known.picture_url) == (
        "4711",
        "ann@example.com",
        "https://site.test/ann.png",
    )
    assert (known.accepts_terms, known.visits) == (True, 1)


def test_the_next_token_updates_what_it_tells_and_nothing_else(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    first = {"uuid": "4711", "email": "ann@example.com", "accept_terms_and_policies": False}
    visitor.enter(visitor.token(user=first))
    visitor.enter(visitor.token(user={"uuid": "4711", "email": "ann@example.org"}))
    user = sandbox.store.user("4711")
    assert user is not None
    assert (user.email, user.accepts_terms, user.visits) == ("ann@example.org", False, 2)


def test_without_an_intended_url_it_leads_to_the_library(visitor: Visitor, sandbox: RunningSandbox) -> None:
    response = visitor.enter(visitor.token())
    assert (response.status_code, response.headers["Location"]) == (302, f"{sandbox.url}/")


@pytest.mark.parametrize(
    "intended",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/library",
        "javascript:alert(1)",
        "https://elsewhere.example@{host}/",
        "http://user@{host}/",
        "http://{host}.elsewhere.example/",
        "http:\\\\{host}/",
        "",
    ],
)
def test_an_intended_url_of_another_host_is_not_followed(
    visitor: Visitor, sandbox: RunningSandbox, intended: str
) -> None:
    host = sandbox.url.removeprefix("http://")
    response = visitor.enter(visitor.token(intended_url=intended.replace("{host}", host)))
    assert (response.status_code, response.headers["Location"]) == (302, f"{sandbox.url}/")
    assert visitor.user == "4711"
    assert ("not followed" in visitor.outcome) is bool(intended)


# Where the token is


def test_a_token_is_taken_from_the_query_of_a_post(visitor: Visitor) -> None:
    visitor.post("/auth/token", params={TOKEN_NAME: visitor.token()})
    assert visitor.user == "4711"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_is_taken_from_a_header(visitor: Visitor, sandbox: RunningSandbox, method: str) -> None:
    headers = {TOKEN_NAME: visitor.token()}
    visitor.jar.request(
        method, f"{sandbox.url}/auth/token", headers=headers, timeout=10, allow_redirects=False
    )
    assert visitor.user == "4711"


def test_a_token_is_taken_from_the_form_of_a_post(visitor: Visitor) -> None:
    visitor.post("/auth/token", data={TOKEN_NAME: visitor.token()})
    assert visitor.user == "4711"


def test_one_token_in_two_places_is_one_token(visitor: Visitor) -> None:
    token = visitor.token()
    visitor.post("/auth/token", params={TOKEN_NAME: token}, data={TOKEN_NAME: token})
    assert visitor.user == "4711"


def test_two_tokens_are_refused(visitor: Visitor) -> None:
    fields = {TOKEN_NAME: visitor.token(user={"uuid": "1"})}
    response = visitor.post("/auth/token", params={TOKEN_NAME: visitor.token()}, data=fields)
    assert_refused(visitor, response, "there are several tokens")


def test_no_token_is_refused(visitor: Visitor) -> None:
    assert_refused(visitor, visitor.get("/auth/token"), "there is no token")


def test_no_other_method_logs_in(visitor: Visitor, sandbox: RunningSandbox) -> None:
    for method in ("HEAD", "PUT"):
        address = f"{sandbox.url}/auth/token"
        response = visitor.jar.request(method, address, params={TOKEN_NAME: visitor.token()}, timeout=10)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")
    assert sandbox.store.users == ()
    assert visitor.outcome == "This address takes GET and POST alone."


# Tokens of no use


def test_a_token_works_once(visitor: Visitor, sandbox: RunningSandbox, clock: Clock) -> None:
    token = visitor.token()
    visitor.enter(token)
    with Visitor(sandbox, clock) as thief:
        response = thief.enter(token)
        assert response.headers["Location"] == REDIRECT_URL
        assert thief.user == ""
    assert visitor.outcome == "Nobody was logged in: a token with this jti was used before."
    assert visitor.user == "4711", "who is in stays in"


def test_a_jti_in_capital_letters_is_the_same_jti(visitor: Visitor) -> None:
    token_id = str(uuid.uuid4())
    visitor.enter(visitor.token(jti=token_id))
    visitor.enter(visitor.token(jti=token_id.upper(), user={"uuid": "1"}))
    assert visitor.user == "4711"
    assert "used before" in visitor.outcome


def test_used_ids_are_forgotten_with_the_end_of_their_tokens(visitor: Visitor, clock: Clock) -> None:
    token_id = str(uuid.uuid4())
    visitor.enter(visitor.token(jti=token_id))
    clock.now += 61
    visitor.enter(visitor.token(jti=token_id, user={"uuid": "1"}))
    assert visitor.user == "1"


def test_a_token_signed_with_another_key_is_refused(visitor: Visitor) -> None:
    token = visitor.token(key="another-key-of-more-than-32-characters")
    assert_refused(visitor, visitor.enter(token), "the token is signed with another key")


def test_an_unsigned_token_is_refused(visitor: Visitor) -> None:
    parts = [{"alg": "none", "typ": "JWT"}, visitor.claims()]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    assert_refused(
        visitor, visitor.enter(f"{encoded[0]}.{encoded[1]}."), "the token's algorithm is not HS256"
    )


def test_a_token_of_another_store_is_refused(visitor: Visitor, clock: Clock) -> None:
    with serve(issuer="another-site", clock=clock) as other, Visitor(other, clock) as stranger:
        assert_refused(visitor, visitor.enter(stranger.token()), "the token is signed with another key")
        same_key = visitor.token(iss="another-site")
        assert_refused(visitor, visitor.enter(same_key), "iss is not \u201csandbox-site\u201d")


@pytest.mark.parametrize("seconds", [60, 61, 3600])
def test_an_expired_token_is_refused(visitor: Visitor, clock: Clock, seconds: int) -> None:
    token = visitor.token()
    clock.now += seconds
    assert_refused(visitor, visitor.enter(token), "the token has expired")


def test_a_token_is_taken_in_its_last_second(visitor: Visitor, clock: Clock) -> None:
    token = visitor.token()
    clock.now += 59.9
    visitor.enter(token)
    assert visitor.user == "4711"


def test_a_life_of_an_hour_is_the_longest(visitor: Visitor, clock: Clock) -> None:
    now = int(clock.now)
    refused = visitor.enter(visitor.token(exp=now + 3601))
    assert_refused(visitor, refused, "the token would live longer than 3600 seconds")
    visitor.enter(visitor.token(exp=now + 3600))
    assert visitor.user == "4711"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": ...}, "iss is not \u201csandbox-site\u201d"),
        ({"aud": ...}, "aud is not \u201cfarfalla\u201d"),
        ({"aud": ["farfalla"]}, "aud is not \u201cfarfalla\u201d"),
        ({"sub": "4711"}, "sub is not \u201cuser\u201d"),
        ({"jti": ...}, "jti is no UUID of version 4"),
        ({"jti": "one"}, "jti is no UUID of version 4"),
        ({"jti": 1}, "jti is no UUID of version 4"),
        ({"jti": str(uuid.uuid1())}, "jti is no UUID of version 4"),
        ({"exp": ...}, "exp is no whole number of seconds"),
        ({"exp": 1_700_000_060.5}, "exp is no whole number of seconds"),
        ({"exp": True}, "exp is no whole number of seconds"),
        ({"user": ...}, "user is not there, or no object"),
        ({"user": "4711"}, "user is not there, or no object"),
        ({"user": {}}, "user.uuid is not there, or empty"),
        ({"user": {"uuid": ""}}, "user.uuid is not there, or empty"),
        ({"user": {"uuid": 4711}}, "user.uuid is no text"),
        ({"user": {"uuid": "1", "email": 1}}, "user.email is no text"),
        ({"user": {"uuid": "1", "picture_url": []}}, "user.picture_url is no text"),
        (
            {"user": {"uuid": "1", "accept_terms_and_policies": "yes"}},
            "user.accept_terms_and_policies is neither true nor false",
        ),
        ({"intended_url": 1}, "intended_url is no text"),
        ({"reader_exit_url": 1}, "reader_exit_url is no text"),
    ],
)
def test_a_claim_that_is_not_as_documented_is_refused(
    visitor: Visitor, changes: dict[str, Any], reason: str
) -> None:
    encoded = _signed_as_it_is(visitor, visitor.claims(**changes))
    assert_refused(visitor, visitor.enter(encoded), reason)


def _signed_as_it_is(visitor: Visitor, claims: dict[str, Any]) -> str:
    """`jose.encode` would refuse a few of the claims itself."""
    payload = json.dumps(claims).encode()
    return jws.serialize_compact({"alg": "HS256"}, payload, OctKey.import_key(visitor.sandbox.key))


def test_who_is_logged_in_stays_so_when_another_token_is_refused(visitor: Visitor) -> None:
    visitor.enter(visitor.token())
    visitor.enter("nonsense")
    assert visitor.user == "4711"


def test_a_new_token_takes_the_place_of_the_session_before(visitor: Visitor, sandbox: RunningSandbox) -> None:
    visitor.enter(visitor.token())
    before = visitor.jar.cookies["sandbox_publica_la"]
    visitor.enter(visitor.token(user={"uuid": "1"}))
    assert visitor.user == "1"
    assert sandbox.store.session(before) is None


def test_without_a_redirect_url_a_page_says_why(clock: Clock) -> None:
    with serve(settings=StoreSettings(), clock=clock) as sandbox, Visitor(sandbox, clock) as visitor:
        response = visitor.enter("nonsense")
        assert response.status_code == 403
        assert "that is no JSON Web Token" in Page(response.text).text(".//main")


# The list of calls


def test_the_list_of_calls_shows_the_claims_and_the_start_of_the_token(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    token = visitor.token(user={"uuid": "4711", "email": "ann@example.com"})
    visitor.enter(token)
    (call,) = sandbox.calls.wait_for("/auth/token")
    assert call.outcome == "Logged in ann@example.com."
    assert call.parameters[TOKEN_NAME] == f"{token[:6]}\u2026"
    assert call.parameters["user.uuid"] == "4711"
    assert call.parameters["aud"] == "farfalla"
    assert token not in visitor.get("/sandbox/calls.json").text


def test_claims_of_a_token_that_is_not_ours_are_not_shown(visitor: Visitor, sandbox: RunningSandbox) -> None:
    visitor.enter(visitor.token(key="another-key-of-more-than-32-characters"))
    assert list(sandbox.calls[-1].parameters) == [TOKEN_NAME]
