"""The examples of docs/signin.md that a page is made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.signin_site import PASSWORD

from .conftest import StartSite
from .person import Person

DOCS = Path(__file__).parents[2] / "docs" / "signin.md"


def test_the_template_in_the_docs_works_as_it_stands(
    start: StartSite, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (example,) = re.findall(r"```jinja\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "form.jinja2").write_text(example, encoding="utf-8")
    person = Person(start(templates=tmp_path).page)
    assert person.get().heading == "Welcome back"
    assert person.send(login="ann", password="wrong").has("alert")
    assert person.send(login="ann", password=PASSWORD).status == 303
    assert "cannot be used" not in caplog.text


def test_every_template_is_in_the_docs() -> None:
    templates = DOCS.parent.parent / "chatsso_middleware" / "signin" / "templates"
    listed = set(re.findall(r"^\| `(\w+\.jinja2)` \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == {file.name for file in templates.iterdir()}
