from __future__ import annotations

from typing import Any

import pytest

from chatsso_middleware.sandbox.rocketchat import PERMISSIONS, Behaviour, Refused, RunningSandbox
from tests.sandbox.chat_client import Clock
from tests.sandbox.rocketchat.clients import RestClient
from tests.sandbox.rocketchat.conftest import StartSandbox


def take_away(sandbox: RunningSandbox, permission: str) -> None:
    sandbox.chat.behaviour.permissions = PERMISSIONS - {permission}


# users.listByStatus


def test_a_search_looks_for_parts_of_names_and_addresses(start: StartSandbox) -> None:
    for version in ("7.0", "8.0", "8.4"):
        with RestClient(start(server_version=version)) as api:
            for name in ("ann", "joanna", "bob"):
                api.create(name)
            body = api.get("users.listByStatus", searchTerm="ANN", count="1", offset="1").json()
            assert [user["username"] for user in body["users"]] == ["joanna"]
            assert (body["count"], body["offset"], body["total"]) == (1, 1, 2)
            [bob] = api.get("users.listByStatus", searchTerm="bob@example.com").json()["users"]
            assert bob["emails"] == [{"address": "bob@example.com", "verified": False}]


@pytest.mark.parametrize("missing", ["view-d-room", "view-outside-room"])
def test_a_search_wants_two_permissions(missing: str, api: RestClient) -> None:
    take_away(api.sandbox, missing)
    assert api.get("users.listByStatus", searchTerm="ann").status_code == 403


def test_a_search_hides_addresses_from_who_may_not_see_them(api: RestClient) -> None:
    api.create()
    take_away(api.sandbox, "view-full-other-user-info")
    assert api.get("users.listByStatus", searchTerm="example.com").json()["users"] == []
    [ann] = api.get("users.listByStatus", searchTerm="ann").json()["users"]
    assert "emails" not in ann


@pytest.mark.parametrize("offset", ["-1", "x", "\u0661"])
def test_a_page_of_a_search_is_a_number(offset: str, api: RestClient) -> None:
    assert api.get("users.listByStatus", offset=offset).json()["errorType"] == "invalid-params"


# Addresses, pictures, passwords, registrations


def test_an_address_is_stored_as_it_was_sent_and_looked_up_in_lower_case(api: RestClient) -> None:
    api.create(email="Ann@Example.com")
    for asked in ("Ann@Example.com", "ann@example.com"):
        assert api.get("users.info", email=asked).status_code == 400
    api.create("bob", email="bob@example.com")
    assert api.get("users.info", email="BOB@example.com").json()["user"]["username"] == "bob"


def test_an_address_is_taken_in_whatever_case(api: RestClient) -> None:
    api.create(email="Ann@Example.com")
    body = {"username": "other", "email": "aNN@example.com", "name": "x", "password": "pw"}
    assert api.post("users.create", body).json()["errorType"] == "error-field-unavailable"
    api.become_nobody()
    registration = {"username": "other", "email": "aNN@example.com", "name": "x", "pass": "pw"}
    assert api.post("users.register", registration).json()["error"] == "Email already exists. [403]"


def test_any_of_the_addresses_of_a_user_is_his(api: RestClient) -> None:
    emails = [{"address": "ann@example.com", "verified": True}, {"address": "a@example.com"}]
    user_id = api.create()["_id"]
    api.sandbox.chat.users_collection.update_one({"_id": user_id}, {"$set": {"emails": emails}})
    user = api.get("users.info", email="a@example.com").json()["user"]
    assert user["emails"] == [emails[0], {"address": "a@example.com", "verified": False}]
    api.post("users.update", {"userId": user_id, "data": {"verified": False}})
    [changed] = api.sandbox.chat.users
    assert (changed.addresses, changed.email_verified) == (("ann@example.com", "a@example.com"), False)


def test_a_picture_is_taken_away(api: RestClient) -> None:
    user_id = api.create()["_id"]
    api.post("users.setAvatar", {"userId": user_id, "avatarUrl": "https://site.test/a.png"})
    assert api.post("users.resetAvatar", {"userId": user_id}).status_code == 200
    assert [user.avatar_url for user in api.sandbox.chat.users] == [""]
    take_away(api.sandbox, "edit-other-user-avatar")
    assert api.post("users.resetAvatar", {"userId": user_id}).status_code == 403


def test_without_its_permission_a_password_stays_and_nobody_hears_of_it(api: RestClient) -> None:
    user_id = api.create(password="old")["_id"]
    take_away(api.sandbox, "edit-other-user-password")
    answer = api.post("users.update", {"userId": user_id, "data": {"password": "new", "name": "Ann"}})
    assert answer.json()["user"]["name"] == "Ann"
    assert api.sandbox.chat.log_in(username="ann", password="old", code=None)
    with pytest.raises(Refused, match="Incorrect password"):
        api.sandbox.chat.log_in(username="ann", password="new", code=None)


def test_one_registration_a_minute_is_taken_where_the_behaviour_says_so(
    api: RestClient, clock: Clock
) -> None:
    api.become_nobody()

    def register(name: str) -> int:
        body = {"username": name, "email": f"{name}@example.com", "name": name, "pass": "pw"}
        return api.post("users.register", body).status_code

    assert [register("ann"), register("bob")] == [200, 200]
    api.sandbox.chat.behaviour.registration_limit = True
    assert [register("cat"), register("dan")] == [200, 429]
    clock.now += 61
    assert register("dan") == 200


# users.createToken


def test_a_new_server_makes_a_token_by_id_and_secret(api: RestClient) -> None:
    user = api.create()
    answer = api.post("users.createToken", {"userId": user["_id"], "secret": api.sandbox.token_secret})
    data = answer.json()["data"]
    assert data["userId"] == user["_id"]
    owner = api.sandbox.chat.token_owner(data["authToken"])
    assert owner is not None
    assert owner.username == "ann"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"userId": "ID", "secret": "wrong"}, "error-not-authorized"),
        ({"userId": "ID"}, "invalid-params"),
        ({"username": "ann", "secret": "SECRET"}, "invalid-params"),
        ({"userId": "nobody", "secret": "SECRET"}, "error-invalid-user"),
        ({"userId": {"$gt": ""}, "secret": "SECRET"}, "invalid-params"),
    ],
    ids=str,
)
def test_a_new_server_refuses_every_other_body(api: RestClient, body: dict[str, Any], error: str) -> None:
    user = api.create()
    real = {"ID": user["_id"], "SECRET": api.sandbox.token_secret}
    sent = {name: real.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
    answer = api.post("users.createToken", sent)
    assert (answer.status_code, answer.json()["errorType"]) == (400, error)
    assert api.sandbox.chat.tokens_of(api.sandbox.chat.users[0]) == ()


def test_an_old_server_makes_a_token_by_id_or_name(start: StartSandbox) -> None:
    with RestClient(start(server_version="7.0")) as api:
        user = api.create()
        for body in ({"userId": user["_id"]}, {"username": "ann"}):
            assert api.post("users.createToken", body).json()["data"]["userId"] == user["_id"]
        assert api.post("users.createToken", {}).json()["errorType"] == "error-user-param-not-provided"
        assert api.post("users.createToken", {"username": "x"}).json()["errorType"] == "error-invalid-user"


def test_an_old_server_without_its_variable_makes_no_token(start: StartSandbox) -> None:
    with RestClient(start(server_version="7.0", create_tokens=False)) as api:
        user = api.create()
        answer = api.post("users.createToken", {"userId": user["_id"]})
        assert (answer.status_code, answer.json()["errorType"]) == (400, "error-not-authorized")


# Permissions


@pytest.mark.parametrize(
    ("permission", "name", "body", "status", "error"),
    [
        ("user-generate-access-token", "users.createToken", {}, 400, "error-not-authorized"),
        ("create-user", "users.create", {}, 400, "error-action-not-allowed"),
        ("edit-other-user-info", "users.update", {}, 400, "error-action-not-allowed"),
        ("delete-user", "users.delete", {}, 403, "error-forbidden"),
        ("edit-other-user-active-status", "users.setActiveStatus", {}, 403, "error-forbidden"),
        ("logout-other-user", "users.logout", {"userId": "ID"}, 403, "error-forbidden"),
        (
            "edit-other-user-avatar",
            "users.setAvatar",
            {"userId": "ID", "avatarUrl": "https://a.test/a.png"},
            403,
            "error-forbidden",
        ),
    ],
)
def test_a_call_without_its_permission_is_refused(
    api: RestClient, permission: str, name: str, body: dict[str, str], status: int, error: str
) -> None:
    user = api.create()
    take_away(api.sandbox, permission)
    answer = api.post(name, {key: user["_id"] if value == "ID" else value for key, value in body.items()})
    assert answer.status_code == status
    assert f"[{error}]" in answer.json()["error"]


def test_an_old_server_calls_a_missing_permission_unauthorized(start: StartSandbox) -> None:
    with RestClient(start(server_version="7.0")) as api:
        take_away(api.sandbox, "delete-user")
        answer = api.post("users.delete", {"username": "ann"})
        reason = "User does not have the permissions required for this action [error-unauthorized]"
        assert (answer.status_code, answer.json()) == (403, {"success": False, "error": reason})


def test_who_is_no_administrator_has_no_permission(api: RestClient) -> None:
    ann = api.create()
    api.become(ann["_id"], api.token_for(ann["_id"]))
    assert api.post("users.delete", {"username": "ann"}).status_code == 403
    about_others = api.get("users.info", userId=api.sandbox.admin_user_id).json()["user"]
    assert "emails" not in about_others
    assert "emails" in api.get("users.info", username="ann").json()["user"]


# users.create and users.register


def test_a_user_is_created_with_what_was_sent(api: RestClient) -> None:
    user = api.create(name="Ann Example", verified=True, sendWelcomeEmail=False, customFields={"team": "x"})
    assert user["name"] == "Ann Example"
    assert user["emails"] == [{"address": "ann@example.com", "verified": True}]
    kept = api.sandbox.chat.user("ann")
    assert kept is not None
    assert kept.document["customFields"] == {"team": "x"}
    assert "welcome" not in api.sandbox.calls[-1].outcome


def test_a_user_can_be_created_asleep(api: RestClient) -> None:
    assert api.create(active=False)["active"] is False


def test_a_welcome_mail_that_nobody_asked_for_is_told(api: RestClient) -> None:
    api.create()
    assert "a welcome mail would be sent" in api.sandbox.calls[-1].outcome


@pytest.mark.parametrize(
    "taken", [{"username": "ANN"}, {"email": "Ann@Example.com"}], ids=["username", "email"]
)
def test_a_name_or_address_that_is_taken_is_refused(api: RestClient, taken: dict[str, str]) -> None:
    api.create()
    body = {"username": "other", "email": "other@example.com", "name": "O", "password": "pw", **taken}
    answer = api.post("users.create", body)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "error-field-unavailable")
    assert answer.json()["details"]["field"] == next(iter(taken.values()))
    assert len(api.sandbox.chat.users) == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"surprise": "x"}, "invalid-params"),
        ({"username": {"$ne": ""}}, "invalid-params"),
        ({"verified": "yes"}, "invalid-params"),
        ({"password": ""}, "invalid-params"),
        ({"username": "two words"}, "error-input-is-not-a-valid-field"),
        ({"email": "nowhere"}, "error-invalid-email"),
    ],
    ids=str,
)
def test_a_body_that_the_server_would_not_take_is_refused(
    api: RestClient, change: dict[str, Any], error: str
) -> None:
    body = {"username": "ann", "email": "ann@example.com", "name": "Ann", "password": "pw", **change}
    answer = api.post("users.create", body)
    assert (answer.status_code, answer.json()["errorType"]) == (400, error)
    assert api.sandbox.chat.users == ()


def test_anybody_may_register(api: RestClient) -> None:
    api.become_nobody()
    body = {"username": "ann", "email": "ann@example.com", "name": "Ann", "pass": "sesame"}
    assert api.post("users.register", body).json()["user"]["username"] == "ann"
    assert api.post("users.register", body).json() == {
        "success": False,
        "error": "Username is already in use",
    }
    answer = api.post("users.register", {**body, "username": "other"})
    assert answer.json()["error"] == "Email already exists. [403]"
    assert api.post("login", {"user": "ann", "password": "sesame"}).status_code == 200


def test_who_is_logged_in_cannot_register(api: RestClient) -> None:
    body = {"username": "ann", "email": "ann@example.com", "name": "Ann", "pass": "sesame"}
    answer = api.post("users.register", body)
    assert (answer.status_code, "again" in answer.json()["error"]) == (400, True)


# users.info


def test_a_user_is_found_by_id_name_and_from_84_on_by_address(start: StartSandbox) -> None:
    for version in ("7.0", "8.0", "8.4"):
        with RestClient(start(server_version=version)) as api:
            user = api.create()
            assert api.get("users.info", userId=user["_id"]).json()["user"] == user
            assert api.get("users.info", username="ann").json()["user"] == user
            by_address = api.get("users.info", email="ann@example.com")
            assert (by_address.status_code == 200) == (version == "8.4")


def test_a_user_who_is_missing_is_a_400_in_the_words_of_the_version(start: StartSandbox) -> None:
    with RestClient(start(server_version="7.0")) as api:
        answer = api.get("users.info", username="nobody")
        assert (answer.status_code, answer.json()) == (400, {"success": False, "error": "User not found."})
    with RestClient(start(server_version="8.0")) as api:
        answer = api.get("users.info", username="nobody")
        assert (answer.status_code, answer.json()["errorType"]) == (400, "error-invalid-user")
        assert api.get("users.info").json()["errorType"] == "invalid-params"


# users.update, users.setAvatar, users.setActiveStatus, users.delete


def test_a_user_can_be_changed(api: RestClient) -> None:
    user = api.create(password="old")
    token = api.token_for(user["_id"])
    change = {"username": "anna", "email": "anna@example.com", "name": "Anna", "password": "new"}
    changed = api.post("users.update", {"userId": user["_id"], "data": change}).json()["user"]
    assert (changed["username"], changed["name"]) == ("anna", "Anna")
    assert changed["emails"] == [{"address": "anna@example.com", "verified": False}]
    assert api.sandbox.chat.token_owner(token) is not None
    assert api.post("login", {"user": "anna@example.com", "password": "new"}).status_code == 200
    assert api.post("login", {"user": "anna", "password": "old"}).status_code == 401


def test_an_address_can_be_verified_and_a_user_put_to_sleep_by_an_update(api: RestClient) -> None:
    user = api.create()
    api.token_for(user["_id"])
    changed = api.post(
        "users.update", {"userId": user["_id"], "data": {"verified": True, "active": False}}
    ).json()["user"]
    assert changed["emails"] == [{"address": "ann@example.com", "verified": True}]
    assert changed["active"] is False
    assert api.sandbox.chat.tokens_of(api.sandbox.chat.users[0]) == ()


def test_an_update_may_change_nothing_or_keep_what_is_there(api: RestClient) -> None:
    user = api.create()
    same = {"username": "ann", "email": "ann@example.com"}
    assert api.post("users.update", {"userId": user["_id"], "data": same}).json()["user"] == user
    assert api.post("users.update", {"userId": user["_id"], "data": {}}).json()["user"] == user


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"username": "bob"}, "error-field-unavailable"),
        ({"email": "bob@example.com"}, "error-field-unavailable"),
        ({"surprise": True}, "invalid-params"),
    ],
    ids=str,
)
def test_an_update_is_refused_as_a_creation_is(api: RestClient, data: dict[str, Any], error: str) -> None:
    user = api.create()
    api.create("bob")
    answer = api.post("users.update", {"userId": user["_id"], "data": data})
    assert (answer.status_code, answer.json()["errorType"]) == (400, error)


def test_an_update_by_a_caller_with_two_factor_login_wants_the_code(api: RestClient) -> None:
    chat = api.sandbox.chat
    service = chat.user(chat.admin_user_id)
    assert service is not None
    chat.require_two_factor(service)
    user = api.create()
    body = {"userId": user["_id"], "data": {"name": "Anna"}}
    assert api.post("users.update", body).json()["errorType"] == "totp-required"
    assert api.post("users.update", body, X_2FA_Code="123456").status_code == 200


def test_a_user_is_given_a_picture(api: RestClient) -> None:
    user = api.create()
    picture = "https://site.test/ann.png"
    assert api.post("users.setAvatar", {"userId": user["_id"], "avatarUrl": picture}).status_code == 200
    assert api.post("users.setAvatar", {"username": "ann", "avatarUrl": picture}).status_code == 200
    assert api.sandbox.chat.users[0].avatar_url == picture
    assert api.post("users.setAvatar", {"avatarUrl": picture}).status_code == 200, "the caller's own"
    answer = api.post("users.setAvatar", {"username": "ann", "avatarUrl": "ftp://site.test/ann.png"})
    assert answer.json()["errorType"] == "error-avatar-invalid-url"


def test_a_user_who_is_put_to_sleep_is_logged_out_and_can_be_woken(api: RestClient) -> None:
    user = api.create()
    api.token_for(user["_id"])
    body = {"userId": user["_id"], "activeStatus": False}
    answer = api.post("users.setActiveStatus", body)
    assert answer.json()["user"] == {"_id": user["_id"], "active": False}
    assert api.sandbox.chat.tokens_of(api.sandbox.chat.users[0]) == ()
    assert api.post("users.setActiveStatus", {**body, "activeStatus": True}).json()["user"]["active"] is True


def test_a_deleted_user_is_gone_with_every_token(api: RestClient) -> None:
    user = api.create()
    token = api.token_for(user["_id"])
    assert api.post("users.delete", {"userId": user["_id"], "confirmRelinquish": True}).json() == {
        "success": True
    }
    assert api.sandbox.chat.users == ()
    assert api.sandbox.chat.token_owner(token) is None
    assert api.post("users.delete", {"username": "ann"}).json()["errorType"] == "error-invalid-user"


def test_a_user_who_is_gone_cannot_be_changed(sandbox: RunningSandbox) -> None:
    ann = sandbox.chat.add_user("ann")
    sandbox.chat.delete_user(ann)
    assert sandbox.chat.tokens_of(ann) == ()
    with pytest.raises(Refused, match="Invalid user"):
        sandbox.chat.set_avatar(ann, "https://site.test/ann.png")


# Rate limits


def test_the_eleventh_call_in_a_minute_is_too_many(start: StartSandbox, clock: Clock) -> None:
    sandbox = start(behaviour=Behaviour(rate_limit=10))
    take_away(sandbox, "api-bypass-rate-limit")
    with RestClient(sandbox) as api:
        answers = [api.get("me") for _ in range(10)]
        assert [answer.status_code for answer in answers] == [200] * 10
        assert answers[-1].headers["X-RateLimit-Limit"] == "10"
        assert answers[-1].headers["X-RateLimit-Remaining"] == "0"
        clock.now += 20
        refused = api.get("me")
        assert refused.status_code == 429
        assert refused.headers["X-RateLimit-Reset"] == str(round((clock.now + 40) * 1000))
        assert "wait 40 seconds" in refused.json()["error"]
        assert api.get("users.info", username="x").status_code == 400, "each route counts for itself"
        clock.now += 40
        assert api.get("me").status_code == 200


def test_who_may_bypass_the_limit_is_not_counted(start: StartSandbox) -> None:
    with RestClient(start(behaviour=Behaviour(rate_limit=1))) as api:
        answers = [api.get("me") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200] * 3
        assert "X-RateLimit-Limit" not in answers[0].headers
        api.become_nobody()
        assert [api.get("info").status_code for _ in range(2)] == [200, 429]
