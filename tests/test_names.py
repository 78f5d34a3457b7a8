"""Names under which nobody may sign up, and those that people have."""
# ruff: noqa: RUF001 - letters that look like others are what these names are about

import json

import pytest
from support import product

EXISTING = ["joão", "Iara", "сергей", "анна", "O-livro", "ana", "lan"]

# Each name's errors, as the form of the project says them.
TRY = """
import json
from django.contrib.auth.models import User
from chat.forms import SignUpForm
for name in {existing!r}:
    User.objects.create_user(name)
print(json.dumps([SignUpForm({{"username": name}}).errors.get("username", []) for name in {names!r}]))
"""

RESERVED = [
    "visitante",
    "Visitante",
    "vіsitаnte",
    "admin",
    "аdmin",
    "ADMIN",
    "adm1n",
    "supоrte",
    "Guest",
    "mоderator",
]
LOOK_ALIKE = [
    "joa\u0303o",
    "JOÃO",
    "jοão",
    "lara",
    "1ara",
    "aнна",
    "0-livro",
    "аnа",
    "ａｎａ",
    "Ana",
]
INVISIBLE = ["\u3164", "ana\u3164", "\u1160", "\uffa0x", "a\u200bna", "a\u202ena", "\u2800"]
GOOD = [
    "bia",
    "josé",
    "ian",
    "Ольга",
    "李雷",
    "さくら",
    "山田タロウ",
    "김민수",
    "علي",
    "x.y+z@w-1_2",
]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, list[str]]:
    """What the form says against each name."""
    folder = product.build(tmp_path_factory.mktemp("names") / "project")
    names = [*RESERVED, *LOOK_ALIKE, *INVISIBLE, *GOOD]
    code = TRY.format(existing=EXISTING, names=names)
    errors = product.manage(folder, "shell", "--no-imports", "--command", code)
    return dict(zip(names, json.loads(errors), strict=True))


@pytest.mark.parametrize("name", [*RESERVED, *LOOK_ALIKE, *INVISIBLE], ids=ascii)
def test_a_name_that_misleads_is_refused_in_words(told, name):
    [error] = told[name]
    assert error.endswith(".")


@pytest.mark.parametrize("name", GOOD, ids=ascii)
def test_a_name_in_any_writing_is_taken(told, name):
    assert told[name] == []
