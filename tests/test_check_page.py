"""Every mistake of the page that the catalogue lists is found in a browser, with its line."""

import pytest
from checks.proof import is_of_product, needs_browser, of_this_run, prove

from lab.check import catalogue

ENTRIES = [
    mistake
    for mistake in catalogue.mistakes()
    if needs_browser(mistake) and not is_of_product(mistake)
]


@pytest.mark.usefixtures("hurried", "browser_program")
@pytest.mark.parametrize("mistake", of_this_run(ENTRIES), ids=lambda mistake: mistake.id)
def test_mistake_is_named(mistake, spoilt):
    prove(mistake, spoilt)
