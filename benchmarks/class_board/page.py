"""The teacher's page in a browser."""

import re

from playwright.async_api import BrowserContext, Page


async def opened(context: BrowserContext, url: str, password: str) -> Page:
    """The board, once the password is given and the first state is there."""
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_role("textbox").fill(password)
    await page.get_by_role("button").click()
    await page.locator("#here", has_text=re.compile(r"\d")).wait_for(state="attached")
    return page
