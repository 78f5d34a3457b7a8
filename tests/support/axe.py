"""A page as axe sees it: what keeps people from reading or using it."""

from playwright.sync_api import Page

from book import HERE

AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
"""It comes with the book's tools."""


def what_axe_finds(page: Page, inside: str = "html") -> list[str]:
    """What axe finds wrong inside of an element of a page."""
    page.evaluate(AXE.read_text("utf-8"))
    # Preloading would fetch the styles again, which no page may in a folder.
    found = page.evaluate(
        "inside => axe.run(inside, { preload: false, resultTypes: ['violations'] })", inside
    )
    return [
        f"{rule['id']}: {node['html']}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
