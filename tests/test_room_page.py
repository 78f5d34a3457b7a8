"""The finished chat's page on a slow line: what is typed before its script runs is not lost."""

import asyncio

import product
from playwright.async_api import Route, async_playwright, expect

from lab.browser import launch_options

PATIENCE = 10
"""Seconds for anything that a server or a browser should have done at once."""


async def test_what_is_typed_before_the_script_has_come_waits_for_it(browser_program, tmp_path):
    folder = product.build(tmp_path / "project")
    [path], _ = product.populate(folder, ["test"], [])
    address = path.removeprefix("/ws")
    script_may_come = asyncio.Event()

    async def delay(route: Route) -> None:
        await script_may_come.wait()
        await route.continue_()

    with product.serving(folder) as server:
        async with asyncio.timeout(3 * PATIENCE), async_playwright() as playwright:
            browser = await playwright.chromium.launch(**launch_options(browser_program))
            page = await browser.new_page(base_url=server.url)
            page.set_default_timeout(PATIENCE * 1000)
            await page.route("**/chat.js", delay)
            await page.goto(address, wait_until="commit")
            field = page.get_by_label("Mensagem", exact=True)
            await field.fill("cedo demais")
            await field.press("Enter")
            await expect(field).to_have_value("cedo demais")
            assert page.url.endswith(address), "the browser sent the form itself"
            script_may_come.set()
            await expect(page.get_by_role("button", name="Enviar")).to_be_enabled()
            await field.press("Enter")
            await expect(page.get_by_role("log")).to_contain_text("visitante: cedo demais")
            await expect(field).to_have_value("")
            await browser.close()
