from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from chatsso_middleware.signin.languages import Languages
from chatsso_middleware.signin.pages import Links
from chatsso_middleware.signin.templating import Templates

ENGLISH = Languages(("en",)).first
FACTS = {
    "nonce": "n0nce",
    "style": "",
    "title": "Harvest",
    "logo": None,
    "stylesheet": None,
    "links": Links(),
    "place": "tab",
    "front": "/",
    "languages": [(ENGLISH, "/")],
    "heading": "A heading",
    "text": "A <text>",
    "way_on": "",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def render(templates: Templates) -> str:
    return templates.render("problem.jinja2", ENGLISH, FACTS)


def put(folder: Path, name: str, content: str | bytes, *, age: float = 0) -> Path:
    """Write a template of the owner's, `age` seconds ago."""
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    written = file.stat().st_mtime - age
    os.utime(file, (written, written))
    return file


def test_our_templates_escape_what_is_put_into_them() -> None:
    page = render(Templates())
    assert "A &lt;text&gt;" in page
    assert "<title>A heading \N{EN DASH} Harvest</title>" in page


def test_an_owners_template_takes_the_place_of_ours_one_by_one(folder: Path) -> None:
    put(
        folder,
        "problem.jinja2",
        '{% extends "layout.jinja2" %}{% block content %}<b>{{ text }}</b> {{ _("Log in") }}{% endblock %}',
    )
    page = render(Templates(folder))
    assert "<b>A &lt;text&gt;</b> Log in" in page
    assert "<title>" in page, "the layout is still ours"


def test_an_owners_layout_stands_around_our_pages(folder: Path) -> None:
    put(folder, "layout.jinja2", "<main id=own>{% block content %}{% endblock %}</main>")
    page = render(Templates(folder))
    assert page.startswith("<main id=own>")
    assert "A &lt;text&gt;" in page


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("one\n{% if %}", 2, "TemplateSyntaxError"),
        ("one\ntwo\n{{ no_such_fact }}", 3, "UndefinedError: 'no_such_fact' is undefined"),
        ("{{ 1 // 0 }}", 1, "ZeroDivisionError"),
        ('one\n{% include "nowhere.jinja2" %}', 2, "TemplateNotFound"),
        ('{% extends "nowhere.jinja2" %}', 1, "TemplateNotFound"),
    ],
)
def test_a_broken_template_is_named_with_its_line_and_ours_is_used(
    folder: Path, caplog: pytest.LogCaptureFixture, content: str, line: int, reason: str
) -> None:
    file = put(folder, "problem.jinja2", content)
    templates = Templates(folder)
    assert "A &lt;text&gt;" in render(templates)
    assert "A &lt;text&gt;" in render(templates)
    (told,) = caplog.messages
    assert f"{file} cannot be used, ours stands in: line {line}: {reason}" in told


def test_only_the_broken_one_of_several_is_set_aside(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(folder, "layout.jinja2", "<main id=own>{% block content %}{% endblock %}</main>")
    put(folder, "problem.jinja2", '{% extends "layout.jinja2" %}{% block content %}{{ x.y }}{% endblock %}')
    page = render(Templates(folder))
    assert page.startswith("<main id=own>")
    assert "A &lt;text&gt;" in page
    assert len(caplog.messages) == 1


def test_a_broken_partial_takes_with_it_what_needs_it(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(folder, "own_part.jinja2", "{{ x.y }}")
    put(folder, "problem.jinja2", '<i>{% include "own_part.jinja2" %}</i>')
    assert "A &lt;text&gt;" in render(Templates(folder))
    assert [message.rpartition("line 1: ")[2] for message in caplog.messages] == [
        "UndefinedError: 'x' is undefined",
        "TemplateNotFound: own_part.jinja2",
    ]


def test_a_template_that_is_no_text_is_named(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(folder, "problem.jinja2", b"caf\xe9")
    assert "A &lt;text&gt;" in render(Templates(folder))
    assert "it is not text in UTF-8, from byte 3 on" in caplog.text


def test_a_mended_template_is_used_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(folder, "problem.jinja2", "{{ broken.so }}", age=10)
    templates = Templates(folder)
    assert "A &lt;text&gt;" in render(templates)
    put(folder, "problem.jinja2", "mended: {{ text }}")
    assert render(templates) == "mended: A &lt;text&gt;"
    put(folder, "problem.jinja2", "changed: {{ text }}", age=5)
    assert render(templates) == "changed: A &lt;text&gt;"


def test_a_broken_template_that_is_taken_away_leaves_ours(folder: Path) -> None:
    file = put(folder, "problem.jinja2", "{{ broken.so }}")
    templates = Templates(folder)
    render(templates)
    file.unlink()
    assert "A &lt;text&gt;" in render(templates)


def test_the_log_has_no_text_of_an_error_that_is_not_jinjas(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    put(folder, "problem.jinja2", "{{ 'x'.encode(text) }}")
    render(Templates(folder))
    assert "line 1: LookupError" in caplog.text
    assert "A <text>" not in caplog.text


def test_an_owners_template_may_count(folder: Path) -> None:
    put(
        folder,
        "problem.jinja2",
        "{% trans num=2 %}{{ num }} day{% pluralize %}{{ num }} days{% endtrans %}",
    )
    assert render(Templates(folder)) == "2 days"


def test_a_fault_of_our_own_is_not_blamed_on_the_owner(folder: Path) -> None:
    put(folder, "form.jinja2", "{{ 1 }}")
    with pytest.raises(UndefinedError):
        Templates(folder).render("problem.jinja2", ENGLISH, {})
    with pytest.raises(UndefinedError):
        Templates().render("problem.jinja2", ENGLISH, {})
