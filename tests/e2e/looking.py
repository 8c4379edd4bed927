"""What a person sees of a gallery in a browser."""

from tests.support.waiting import wait_for

CARD = "#grid > .card"


def until(page, condition):
    """Asked from outside: the page's own policy lets nothing be evaluated inside."""
    wait_for(lambda: page.evaluate(condition), condition, deadline_s=30, pause_s=0.05)


def cards(page):
    """What is in the document of the grid, in the order of reading."""
    return [label.partition(",")[0] for label in page.locator(CARD).evaluate_all("all => all.map(c => c.ariaLabel)")]


def shown(page):
    return page.locator("#count").inner_text()


def focused(page):
    return page.evaluate("document.activeElement.ariaLabel")
