"""The pages, used in a browser as a person would."""

from uuid import uuid4

import pytest
from playwright.async_api import expect

from chat.tests.conftest import PASSWORD


@pytest.mark.asyncio
async def test_a_guest_talks_in_the_open_room(page):
    await page.goto("/")
    await page.get_by_role("link", name="test", exact=True).click()
    await page.get_by_label("Mensagem", exact=True).fill("olá da página")
    await page.get_by_role("button", name="Enviar").click()
    await expect(page.get_by_role("log")).to_contain_text("visitante: olá da página")
    await expect(page.get_by_label("Mensagem", exact=True)).to_have_value("")


@pytest.mark.asyncio
async def test_who_signs_up_makes_a_room_and_is_in_it(page):
    name, title = f"ana-{uuid4().hex[:8]}", f"Café às {uuid4().hex[:8]} ☕"
    await page.goto("/signup/")
    await page.get_by_label("Usuário").fill(name)
    await page.get_by_label("Senha:", exact=True).fill(PASSWORD)
    await page.get_by_label("Confirmação de senha").fill(PASSWORD)
    await page.get_by_role("button", name="Criar conta").click()
    await page.get_by_role("link", name="Criar uma sala").click()
    await page.get_by_label("Título").fill(title)
    await page.get_by_role("button", name="Criar").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)
    await expect(page.get_by_role("list").get_by_text(name)).to_be_visible()
