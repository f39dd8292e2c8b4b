"""Who gets in by a code, and who does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from chatsso_middleware.sandbox.typingmind import Instance, Refused, RunningSandbox, serve
from tests.sandbox.chat_client import Clock
from tests.sandbox.typingmind.visitor import ANN, Visitor, signed, unsigned

OTHER = "the-secret-of-another-instance-altogether"


def test_a_link_logs_in_and_leads_to_the_chat_without_the_code(visitor: Visitor) -> None:
    answer = visitor.get("/", externalAuthCode=visitor.code(), room="1")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{visitor.sandbox.url}/?room=1")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert visitor.page().user == "ann@example.com"
    assert visitor.page().user == "ann@example.com"


def test_the_first_code_makes_the_user_and_later_ones_find_him(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    visitor.log_in(user={"id": "42", "email": "ann@example.com", "plan": "pro", "id_card": 7})
    (ann,) = sandbox.instance.users
    assert (ann.external_id, ann.email, ann.metadata) == (
        "42",
        "ann@example.com",
        {"plan": "pro", "id_card": 7},
    )
    visitor.log_in(user={"id": "42", "email": "ann@new.example"})
    assert sandbox.instance.users == (ann,)
    assert (ann.email, ann.metadata) == ("ann@new.example", {})
    visitor.log_in(user={"id": "42"})
    assert ann.email == "ann@new.example"
    visitor.log_in(user={"id": "43", "email": "ann@new.example"})
    assert len(sandbox.instance.users) == 2


def test_a_user_without_an_address_is_shown_by_his_id(visitor: Visitor) -> None:
    page = visitor.log_in(user={"id": "member 42"})
    assert page.user == ""
    assert "member 42" in page.text(".//*[@id='who']")


def test_an_invited_user_gets_in_by_his_address_or_by_his_number(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    bob = sandbox.instance.add_user("bob@example.com")
    assert visitor.log_in(email="bob@example.com").user == "bob@example.com"
    assert visitor.log_in(id=bob.id).user == "bob@example.com"
    ann = sandbox.instance.add_user("ann@example.com")
    assert visitor.log_in(id=ann.id, email="bob@example.com").user == "ann@example.com"
    assert len(sandbox.instance.users) == 2


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"email": "nobody@example.com"}, "no user of the instance has the email address"),
        ({"email": "ANN@example.com"}, "no user of the instance has the email address"),
        ({"id": 5}, "no user of the instance has the id"),
        ({"id": "100001"}, "is no number"),
        ({"id": True}, "is no number"),
        ({"id": 5, "email": "ann@example.com"}, "no user of the instance has the id"),
        ({"user": {"email": "ann@example.com"}}, "no id that is text"),
        ({"user": {"id": 42}}, "no id that is text"),
        ({"user": {"id": ""}}, "no id that is text"),
        ({"user": "ann"}, "no id that is text"),
        ({"user": {"id": "1", "email": 7}}, "is no text"),
        ({"email": ""}, "names nobody"),
        ({"sub": "ann@example.com"}, "names nobody"),
        ({**ANN, "exp": 1_700_000_000}, "has expired"),
        ({**ANN, "exp": 0}, "has expired"),
    ],
)
def test_a_code_that_names_no_user_of_the_instance_lets_nobody_in(
    claims: dict[str, Any], reason: str, visitor: Visitor, sandbox: RunningSandbox
) -> None:
    sandbox.instance.add_user("ann@example.com")
    answer = visitor.follow(visitor.code(**claims))
    assert answer.status_code == 403
    assert reason in answer.text
    assert visitor.page().user == ""
    assert len(sandbox.instance.users) == 1
    assert sandbox.calls[-1].success is False


def test_an_end_that_is_no_number_is_no_end(visitor: Visitor) -> None:
    for end in ("tomorrow", True):
        with pytest.raises(Refused, match="is no number"):
            visitor.sandbox.instance.user_of_code(forged_end(visitor, end))


def forged_end(visitor: Visitor, end: object) -> str:
    """A code with an end that no library for such tokens would write."""
    payload = json.dumps({**ANN, "exp": end}).encode()
    return jws.serialize_compact({"alg": "HS256"}, payload, OctKey.import_key(visitor.sandbox.secret))


@pytest.mark.parametrize(
    "kind", ["another instance", "another algorithm", "none", "cut", "changed", "empty", "nonsense"]
)
def test_a_code_that_this_instance_has_not_agreed_to_lets_nobody_in(
    kind: str, visitor: Visitor, sandbox: RunningSandbox
) -> None:
    good = visitor.code()
    head, payload, signature = good.split(".")
    code = {
        "another instance": signed(ANN, OTHER),
        "another algorithm": signed(ANN, sandbox.secret * 2, "HS512"),
        "none": unsigned(ANN),
        "cut": f"{head}.{payload}.",
        "changed": f"{head}.{payload}.{signature[::-1]}",
        "empty": "",
        "nonsense": "a.b.c",
    }[kind]
    assert visitor.follow(code).status_code == 403
    assert visitor.page().user == ""
    assert sandbox.instance.users == ()


def test_a_bad_code_ends_the_session_that_was_there(visitor: Visitor) -> None:
    visitor.log_in()
    assert visitor.follow(signed(ANN, OTHER)).status_code == 403
    assert visitor.page().user == ""


def test_the_code_is_checked_at_every_page(visitor: Visitor, clock: Clock) -> None:
    page = visitor.log_in(**ANN, exp=int(clock.now) + 60)
    token = page.hidden()["form_token"]
    clock.now += 59
    assert visitor.page().user == "ann@example.com"
    clock.now += 1
    assert visitor.post("/", form_token=token, message="hello").status_code == 403
    assert visitor.page().user == ""
    visitor.log_in(**ANN, exp=int(clock.now) + 60)
    clock.now += 60
    answer = visitor.get("/")
    assert answer.status_code == 403
    assert "has expired" in answer.text
    assert visitor.page().user == ""


def test_every_user_takes_a_seat_and_leaves_it(clock: Clock) -> None:
    with serve(seats=1, clock=clock) as sandbox:
        ann, bob = Visitor(sandbox), Visitor(sandbox)
        ann.log_in()
        answer = bob.follow(bob.code(user={"id": "43"}))
        assert answer.status_code == 403
        assert "no seat left" in answer.text
        with pytest.raises(Refused, match="no seat left"):
            sandbox.instance.add_user("bob@example.com")
        sandbox.instance.delete_user(sandbox.instance.users[0].id)
        bob.log_in(user={"id": "43"})
        assert len(sandbox.instance.users) == 1
        for visitor in (ann, bob):
            visitor.jar.close()


def test_a_deleted_user_is_locked_out_where_he_cannot_be_made_anew(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    bob = sandbox.instance.add_user("bob@example.com")
    visitor.log_in(email="bob@example.com")
    assert sandbox.instance.delete_user(bob.id)
    assert bob.deleted
    assert visitor.get("/").status_code == 403
    assert not sandbox.instance.delete_user(bob.id)


def test_logging_out_ends_the_session_here_and_in_the_browser(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    page = visitor.log_in()
    assert visitor.post("/logout").status_code == 403
    assert visitor.page().user == "ann@example.com"
    answer = visitor.post("/logout", form_token=page.hidden()["form_token"])
    assert (answer.status_code, "Max-Age=0" in answer.headers["Set-Cookie"]) == (303, True)
    assert visitor.page().user == ""
    assert visitor.post("/logout").status_code == 303
    assert sandbox.calls[-1].outcome == "Logged out ann@example.com in the chat itself."


def test_a_session_that_is_over_can_be_logged_out(visitor: Visitor, clock: Clock) -> None:
    visitor.log_in(**ANN, exp=int(clock.now) + 60)
    clock.now += 60
    assert visitor.post("/logout").status_code == 303


def test_old_sessions_give_way_to_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatsso_middleware.sandbox.typingmind.instance.MOST_SESSIONS", 2)
    instance = Instance("any secret will do")
    sessions = [instance.log_in(signed(ANN, "any secret will do"))[0] for _ in range(3)]
    assert instance.resume(sessions[0].id) is None
    assert instance.resume(sessions[2].id) is not None


def test_secrets_do_not_show() -> None:
    instance = Instance("any secret will do", api_key="K3y")
    session, _ = instance.log_in(signed(ANN, "any secret will do"))
    for shown in (repr(instance), repr(session)):
        assert "any secret" not in shown
        assert "K3y" not in shown
        assert session.code not in shown
