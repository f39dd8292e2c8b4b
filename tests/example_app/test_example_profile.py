"""What a member can do with the own account, and that the chat hears of it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from webtest import Upload

from example_app.pictures import LARGEST_UPLOAD

PASSWORD = "three odd words"
PAGES = ["about", "picture", "email", "password", "delete"]


def photo(colour: str = "green", size: tuple[int, int] = (640, 480), kind: str = "JPEG") -> bytes:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


@pytest.fixture
def ann(visitor: Any) -> Any:
    """A member, whose account the chat has."""
    visitor.sign_up()
    visitor.room.calls.wait_for("/sso/user/register")
    return visitor


@pytest.mark.parametrize("page", ["/profile", *(f"/profile/{page}" for page in PAGES)])
def test_a_stranger_is_sent_to_the_login_and_back(visitor: Any, page: str) -> None:
    answer = visitor.get(page, status=303)
    assert answer.location == f"http://localhost/login?came_from={page.replace('/', '%2F')}"
    assert "Please log in first" in answer.follow()


@pytest.mark.parametrize("page", PAGES)
def test_no_change_goes_without_the_form_s_token(ann: Any, page: str) -> None:
    fields = {"password": PASSWORD, "new_password": PASSWORD, "username": "Eve", "email": "eve@example.com"}
    assert "This form is too old" in ann.app.post(f"/profile/{page}", fields, status=400)
    assert ann.row().username == "Ann"


def test_the_chat_has_an_account_as_soon_as_somebody_joined(ann: Any) -> None:
    account = ann.room.room.account("ann@example.com")
    assert account.username == "Ann"
    assert not account.has_password


def test_a_new_display_name_is_new_in_the_chat_too(ann: Any) -> None:
    assert "Your profile is saved." in ann.send("/profile/about", username="Ann B.", about="Leeks").follow()
    ann.room.calls.wait_for("/sso/user/edit")
    assert ann.room.room.account("ann@example.com").username == "Ann B."
    assert (ann.row().username, ann.row().about) == ("Ann B.", "Leeks")


def test_what_the_chat_does_not_show_is_not_told_to_it(ann: Any) -> None:
    ann.send("/profile/about", status=303, about="Leeks")
    ann.send("/profile/about", status=303, username="Ann B.")
    [call] = ann.room.calls.wait_for("/sso/user/edit")
    assert call.parameters["username"] == "Ann B."


def test_the_name_of_another_member_is_refused(ann: Any) -> None:
    ann.another().sign_up("Bea", "bea@example.com")
    page = ann.send("/profile/about", status=200, username="bea")
    assert page.html.select_one("#username-error").text == "Another member has this display name"
    assert ann.row().username == "Ann"


def test_the_letters_of_a_name_may_change_their_case(ann: Any) -> None:
    ann.send("/profile/about", status=303, username="ANN")
    assert ann.row().username == "ANN"


def test_a_new_address_takes_the_account_in_the_chat_along(ann: Any) -> None:
    ann.send("/profile/email", status=303, email="ann@example.org", password=PASSWORD)
    ann.room.calls.wait_for("/sso/user/edit")
    assert ann.room.room.account("ann@example.com") is None
    assert ann.room.room.account("ann@example.org").username == "Ann"
    assert ann.is_logged_in()
    ann.log_out()
    ann.log_in("ann@example.org")
    assert ann.is_logged_in()


@pytest.mark.parametrize(
    ("email", "password", "field", "message"),
    [
        ("bea@example.com", PASSWORD, "email", "Another member has this email address"),
        ("BEA@example.com", PASSWORD, "email", "Another member has this email address"),
        ("ann@example.com", PASSWORD, "email", "This is your email address already"),
        ("ann@example.org", "not the password", "password", "This is not your password"),
        ("not an address", PASSWORD, "email", "Enter an email address like name@example.com"),
    ],
)
def test_an_address_that_cannot_be_taken_is_refused(
    ann: Any, email: str, password: str, field: str, message: str
) -> None:
    ann.another().sign_up("Bea", "bea@example.com")
    page = ann.send("/profile/email", status=200, email=email, password=password)
    assert page.html.select_one(f"#{field}-error").text == message
    assert ann.row() is not None
    assert ann.room.calls.to("/sso/user/edit") == ()


def test_a_new_password_logs_other_devices_out(ann: Any) -> None:
    phone = ann.another()
    phone.log_in()
    ann.send("/profile/password", status=303, password=PASSWORD, new_password="four other odd words")
    assert ann.is_logged_in()
    assert not phone.is_logged_in()
    phone.log_in(password="four other odd words")


def test_the_chat_never_gets_a_password_that_it_was_not_promised(ann: Any) -> None:
    ann.send("/profile/password", status=303, password=PASSWORD, new_password="four other odd words")
    ann.send("/profile/about", status=303, username="Ann B.")
    ann.room.calls.wait_for("/sso/user/edit")
    assert not any("password" in call.parameters for call in ann.room.calls)


@pytest.mark.parametrize("page", ["password", "delete"])
def test_the_present_password_is_asked_for(ann: Any, page: str) -> None:
    form = ann.form(f"/profile/{page}")
    form["password"] = "not the password"
    if page == "password":
        form["new_password"] = "four other odd words"
    answer = form.submit(status=200)
    assert answer.html.select_one("#password-error").text == "This is not your password"
    ann.another().log_in()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_is_shown_on_the_site_and_in_the_chat(ann: Any, kind: str) -> None:
    answer = ann.send("/profile/picture", picture=Upload("me", photo(kind=kind)))
    address = answer.follow().html.select_one("dl img.face")["src"]
    picture = ann.get(address)
    assert picture.content_type == "image/png"
    assert "immutable" in picture.headers["Cache-Control"]
    assert Image.open(BytesIO(picture.body)).size == (256, 256)
    ann.room.calls.wait_for("/sso/user/edit")
    assert ann.room.room.account("ann@example.com").avatar_url == f"http://127.0.0.1:6543{address}"


def test_a_new_picture_has_a_new_address_and_the_old_one_is_gone(ann: Any) -> None:
    addresses = []
    for colour in ("green", "red"):
        page = ann.send("/profile/picture", picture=Upload("me.jpg", photo(colour))).follow()
        addresses.append(page.html.select_one("dl img.face")["src"])
    ann.get(addresses[0], status=404)
    assert Image.open(BytesIO(ann.get(addresses[1]).body)).getcolors() == [(256 * 256, (254, 0, 0))]


def test_a_picture_can_be_taken_away(ann: Any) -> None:
    ann.send("/profile/picture", status=303, picture=Upload("me.jpg", photo()))
    ann.form("/profile/picture").submit("remove", status=303)
    ann.room.calls.wait_for("/sso/user/edit", count=2)
    assert ann.row().avatar_name is None
    assert ann.get("/profile").html.select("dl img.face") == []


@pytest.mark.parametrize(
    ("upload", "message"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "The file is not a picture that can be read"),
        (b"", "The file is not a picture that can be read"),
        (photo()[:400], "The file is not a picture that can be read"),
        (b"\xff\xd8" + bytes(LARGEST_UPLOAD), "The picture must be smaller than 5 MB"),
    ],
    ids=["not a picture", "empty", "cut off", "too large"],
)
def test_what_is_no_picture_is_refused(ann: Any, upload: bytes, message: str) -> None:
    page = ann.send("/profile/picture", status=200, picture=Upload("me.jpg", upload))
    assert page.html.select_one("#picture-error").text.startswith(message)
    assert ann.row().avatar_name is None


def test_a_picture_has_to_be_chosen_first(ann: Any) -> None:
    page = ann.send("/profile/picture", status=200)
    assert page.html.select_one("#picture-error").text == "Choose a picture first"


def test_a_deleted_account_is_gone_from_the_site_and_from_the_chat(either_visitor: Any) -> None:
    visitor = either_visitor
    visitor.sign_up()
    visitor.room.calls.wait_for("/sso/user/register")
    answer = visitor.send("/profile/delete", status=303, password=PASSWORD)
    assert "Your account is deleted." in answer.follow()
    visitor.room.calls.wait_for("/sso/user/delete")
    assert visitor.room.room.account("ann@example.com") is None
    assert visitor.row() is None
    assert not visitor.is_logged_in()


def test_the_login_of_a_deleted_member_is_nobody_else_s(visitor: Any) -> None:
    visitor.sign_up()
    phone = visitor.another()
    phone.log_in()
    visitor.send("/profile/delete", status=303, password=PASSWORD)
    visitor.another().sign_up("Bea", "bea@example.com")
    assert not phone.is_logged_in()
