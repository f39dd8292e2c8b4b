from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from example_app import accounts
from example_app.database import User, open_database

PASSWORD = "three odd words"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Session]:
    with Session(open_database(f"sqlite:///{tmp_path}/site.sqlite3")) as session:
        yield session


@pytest.fixture
def ann(db: Session) -> User:
    return join(db, "ann@example.com", "Ann")


def join(db: Session, email: str, username: str) -> User:
    return accounts.sign_up(db, email=email, username=username, password=PASSWORD, joined=date(2026, 3, 1))


def test_nobody_is_found_without_the_right_password(db: Session, ann: User) -> None:
    assert accounts.authenticate(db, "ann@example.com", PASSWORD) is ann
    assert accounts.authenticate(db, "Ann@Example.com", PASSWORD) is ann
    assert accounts.authenticate(db, "ann@example.com", "not the password") is None
    assert accounts.authenticate(db, "bea@example.com", PASSWORD) is None


def test_an_outdated_hash_is_renewed_at_the_next_login(db: Session, ann: User) -> None:
    ann.password_hash = outdated = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    assert accounts.authenticate(db, "ann@example.com", PASSWORD) is ann
    assert ann.password_hash != outdated
    assert accounts.has_password(ann, PASSWORD)


@pytest.mark.parametrize(
    ("email", "username", "field"),
    [("ANN@example.com", "Bea", "email"), ("bea@example.com", "ANN", "username")],
)
def test_taken_names_the_field(db: Session, ann: User, email: str, username: str, field: str) -> None:
    with pytest.raises(accounts.Taken) as refusal:
        join(db, email, username)
    assert refusal.value.field == field


def test_an_id_is_never_given_again(db: Session, ann: User) -> None:
    before = ann.id
    db.delete(ann)
    db.flush()
    assert join(db, "bea@example.com", "Bea").id > before
