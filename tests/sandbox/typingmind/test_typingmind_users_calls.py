"""The users API of the stand-in instance."""

from __future__ import annotations

import pytest

from chatsso_middleware.sandbox.typingmind import RunningSandbox
from tests.sandbox.typingmind.visitor import Visitor


@pytest.mark.parametrize("key", ["", "wrong", "wröng".encode()])
def test_a_call_needs_the_key(key: str, visitor: Visitor, sandbox: RunningSandbox) -> None:
    bob = sandbox.instance.add_user("bob@example.com")
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", f"/{bob.id}"), ("GET", "/nothing")):
        assert visitor.api(method, f"/api/v2/users{path}", key=key).status_code == 401
    assert sandbox.instance.users == (bob,)


def test_users_are_listed_and_found_by_their_address(visitor: Visitor, sandbox: RunningSandbox) -> None:
    ann, bob = (sandbox.instance.add_user(f"{name}@example.com") for name in ("ann", "bob"))
    listed = visitor.api("GET").json()["data"]
    assert [user["id"] for user in listed] == [str(ann.id), str(bob.id)]
    (found,) = visitor.api("GET", params={"email": "bob@example.com"}).json()["data"]
    assert found == {
        "id": str(bob.id),
        "email": "bob@example.com",
        "createdAt": "2023-11-14T22:13:20.000+00:00",
        "groups": [],
    }
    assert visitor.api("GET", params={"email": "bob@example"}).json() == {"data": []}
    assert visitor.api("GET", f"/api/v2/users/{bob.id}").json() == found


def test_a_user_is_added_once(visitor: Visitor, sandbox: RunningSandbox) -> None:
    added = visitor.api("POST", json={"email": "bob@example.com"})
    bob = sandbox.instance.user("bob@example.com")
    assert bob is not None
    assert sandbox.instance.user("ann@example.com") is None
    assert (added.status_code, added.json()["id"]) == (200, str(bob.id))
    assert visitor.api("POST", json={"email": "bob@example.com"}).status_code == 400
    for body in (b"", b"[]", b"{}", b'{"email": 7}', b'{"email": "bob"}', b'{"email": "@"}', b"[" * 9999):
        assert visitor.api("POST", data=body).status_code == 400
    assert sandbox.instance.users == (bob,)


def test_a_user_is_deleted_once(visitor: Visitor, sandbox: RunningSandbox) -> None:
    bob = sandbox.instance.add_user("bob@example.com")
    sandbox.instance.say(bob, "hello")
    assert visitor.api("DELETE", f"/api/v2/users/{bob.id}").status_code == 200
    assert sandbox.instance.users == ()
    assert sandbox.instance.messages(bob) == ()
    assert visitor.api("DELETE", f"/api/v2/users/{bob.id}").status_code == 404


def test_other_calls_are_refused(visitor: Visitor, sandbox: RunningSandbox) -> None:
    bob = sandbox.instance.add_user("bob@example.com")
    assert visitor.api("PUT").status_code == 405
    assert visitor.api("PUT", f"/api/v2/users/{bob.id}").status_code == 405
    assert visitor.api("GET", "/api/v1/users").status_code == 404
    assert visitor.api("GET", "/api/v2/users/abc").status_code == 404
