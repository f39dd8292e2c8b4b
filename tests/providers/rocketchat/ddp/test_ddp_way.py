"""Mode `realtime` against chats that answer the login in ways that the sandbox does not."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.sessions import Credentials
from chatsso_middleware.users import ChatUser
from tests.providers.rocketchat.ddp.ddp_server import DDPServer, Visitor
from tests.support.rocketchat import provider

Chat = Callable[..., DDPServer]

ANN = ChatUser("ann@example.com", username="ann")
TYPED = Credentials(password="S3cret-Passw0rd")


def refusing(code: str) -> Callable[[Visitor], None]:
    """A chat that answers every login with this error."""

    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.refuse(visitor.method(), code, "no")

    return script


@pytest.mark.parametrize("whom", ["ip", "user"])
def test_blocked_logins_say_what_to_set_and_make_no_account_and_leave_the_way_open(
    whom: str, chat: Chat
) -> None:
    server = chat(refusing(f"error-login-blocked-for-{whom}"))
    with provider(server.url, mode="realtime") as realtime:
        for _ in range(6):
            with pytest.raises(Unavailable, match="Block_Multiple_Failed_Logins_Ip_Whitelist"):
                realtime.open_session(ANN, TYPED)
        assert realtime.api.available
    assert len(server.visitors) == 6


@pytest.mark.parametrize("code", ["totp-required", "totp-invalid"])
def test_a_second_factor_makes_no_account(code: str, chat: Chat) -> None:
    server = chat(refusing(code))
    with (
        provider(server.url, mode="realtime") as realtime,
        pytest.raises(Rejected, match="create_token, whose tokens need none"),
    ):
        realtime.open_session(ANN, TYPED)
    assert len(server.visitors) == 1


def test_a_limit_raises_one_alarm_that_names_the_settings_of_the_chat(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    server = chat(refusing("too-many-requests"))
    with provider(server.url, mode="realtime") as realtime:
        for _ in range(2):
            with pytest.raises(Unavailable, match="limits our calls"):
                realtime.open_session(ANN, TYPED)
    [alarm] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "DDP_Rate_Limit_IP_Requests_Allowed" in alarm
