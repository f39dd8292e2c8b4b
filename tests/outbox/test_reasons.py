from __future__ import annotations

import pytest

from chatsso_middleware.changes import Change, Delete, Edit, Leave, Register
from chatsso_middleware.outbox.reasons import LONGEST_REASON, fault_reason, presentable_reason
from chatsso_middleware.users import ChatUser

CHANGE = Edit("o'neil+x@example.com", email="new@example.com", password='pass "word" & more')


@pytest.mark.parametrize(
    "reason",
    [
        "no user o'neil+x@example.com",
        "no user O'Neil+X@Example.com",
        "GET /edit?user=o%27neil%2Bx%40example.com",
        "GET /edit?user=o%27neil%2bx%40example.com",
        "<b>o&#x27;neil+x@example.com</b>",
        "new@example.com is taken",
        'weak: pass "word" & more',
        "weak: pass+%22word%22+%26+more",
        "weak: pass%20%22word%22%20%26%20more",
        r'{"password": "pass \"word\" & more"}',
        "weak: pass &quot;word&quot; &amp; more",
    ],
)
def test_addresses_and_the_password_are_blotted_out_in_every_escaping(reason: str) -> None:
    presentable = presentable_reason(reason, CHANGE)
    assert "***" in presentable
    for part in ("neil", "new@", "new%40", "word&", "word\\", "%22", '"word"'):
        assert part not in presentable.lower()


@pytest.mark.parametrize(
    "reason",
    ["token to/ken+1== is unknown", "GET /logout?token=to%2Fken%2B1%3D%3D", "ANN@EXAMPLE.COM has to/ken+1=="],
)
def test_the_end_of_a_session_hides_its_token(reason: str) -> None:
    presentable = presentable_reason(reason, Leave("ann@example.com", "to/ken+1==", "ann"))
    assert "***" in presentable
    assert "ken" not in presentable.replace("token", "")
    assert "example.com" not in presentable.lower()


def test_the_end_of_a_session_whose_token_is_not_known_hides_its_address() -> None:
    assert presentable_reason("no ann@example.com here", Leave("ann@example.com")) == "no *** here"


@pytest.mark.parametrize(
    "change", [Register(ChatUser("ann@example.com")), Delete(("ann@example.com", "bob@example.com"))]
)
def test_a_change_without_a_password_hides_its_addresses(change: Change) -> None:
    assert presentable_reason("ann@example.com is unknown", change) == "*** is unknown"


def test_an_address_that_holds_another_is_blotted_out_whole() -> None:
    change = Delete(("n@example.com", "ann@example.com"))
    assert presentable_reason("not ann@example.com", change) == "not ***"


def test_a_reason_is_one_line_of_bounded_length() -> None:
    reason = presentable_reason("first\r\nERROR forged\x1b[31m" + "x" * 10_000, CHANGE)
    assert reason.isprintable()
    assert len(reason) <= LONGEST_REASON


def test_an_unexpected_error_is_named_by_type_and_place_without_its_message() -> None:
    empty: dict[str, str] = {}
    with pytest.raises(KeyError) as caught:
        empty["the password"]
    reason = fault_reason(caught.value)
    assert reason.startswith("KeyError in test_reasons.py, line ")
    assert "password" not in reason
