"""What somebody does who uses the whole of the finished chat's site, in a browser."""

from playwright.async_api import Page, expect

PASSWORD = "correta-bateria-grampo"
PATIENCE = 60_000
"""Milliseconds that a page may take on a busy machine."""


async def use_the_site(page: Page, address: str, name: str) -> None:
    """Sign up, talk, log out and in again: each by the links that the page itself shows."""
    await page.goto(address)
    await page.get_by_role("link", name="Criar conta").click()
    await page.locator("[name=username]").fill(name)
    await page.locator("[name=password1]").fill(PASSWORD)
    await page.locator("[name=password2]").fill(PASSWORD)
    await page.locator("main button").click()
    await page.get_by_role("link", name="test").click()
    await expect(page.locator("#state")).to_have_text("Conectado.")
    await page.get_by_label("Mensagem", exact=True).fill("olá")
    await page.get_by_role("button", name="Enviar").click()
    await expect(page.locator("#messages")).to_contain_text("olá")
    await page.get_by_role("button", name="Sair").click()
    await page.get_by_role("link", name="Entrar").click()
    await page.locator("[name=username]").fill(name)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("main button").click()
    await expect(page.locator("header")).to_contain_text(name)
    assert page.url.startswith(address)
