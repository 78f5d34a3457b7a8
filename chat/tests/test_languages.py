"""Each reader is told in their own language: the pages, Django's forms, the errors."""

import re

import pytest
from babel.messages.pofile import read_po
from playwright.async_api import expect

from chat.tests.conftest import PROJECT
from chat.texts import marked

CATALOGS = sorted(PROJECT.glob("chat/locale/*/LC_MESSAGES/django.po"))
READERS = [
    # what a browser asks for, the language of the page, and some of what it says then
    ("pt-BR", "pt-br", "Usuário", "A mensagem passa de 1.000 caracteres."),
    ("en-GB", "en", "Username", "The message has more than 1,000 characters."),
    ("de-DE", "en", "Username", "The message has more than 1,000 characters."),
]


def messages(catalog):
    return {message.id: message for message in catalog if message.id}


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parts[-3])
def test_every_text_that_is_marked_is_translated(path):
    with path.open("rb") as file:
        catalog = read_po(file)
    stored = messages(catalog)
    assert stored.keys() == messages(marked()).keys()
    assert not catalog.obsolete
    for message in stored.values():
        translations = [message.string] if isinstance(message.string, str) else message.string
        assert all(translations), message.id
        assert not message.fuzzy, message.id
        source = message.id if isinstance(message.id, str) else message.id[0]
        for text in translations:
            assert places(text) == places(source), message.id


def places(text):
    """What is filled in later: {most}, %(minutes)s."""
    return sorted(re.findall(r"{\w+}|%\(\w+\)s", text))


@pytest.mark.asyncio
@pytest.mark.parametrize(("asked", "lang", "label", "error"), READERS)
async def test_each_reader_has_their_language(page, server, asked, lang, label, error):
    page = await page.context.browser.new_page(locale=asked, base_url=f"http://{server}")
    await page.goto("/login/")
    await expect(page.locator("html")).to_have_attribute("lang", lang)
    await expect(page.get_by_label(label)).to_be_visible()
    await page.goto("/")
    await page.get_by_role("link", name="test", exact=True).click()
    await expect(page.locator("#form button")).to_be_enabled()
    field = page.get_by_role("textbox")
    await field.evaluate("field => field.removeAttribute('maxlength')")
    await field.fill("x" * 1001)
    await field.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text(error)
