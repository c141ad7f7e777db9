"""The pages in a real browser: what a reader sees, hears and types."""

import socket
import subprocess
import sys

import pytest

from tests.cli.web.support import PATIENCE
from tests.docs.examples import ROOT
from zktools import Configuration
from zktools.testing import wait_until

browser_of = pytest.importorskip("docs.screens.browser", reason="needs selenium")
from selenium.common.exceptions import StaleElementReferenceException  # noqa: E402 - may be missing
from selenium.webdriver.common.by import By  # noqa: E402 - may be missing
from selenium.webdriver.common.keys import Keys  # noqa: E402 - the same

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_of.why_not()), reason=browser_of.why_not()),
]

PAGES = [
    "/",
    "/locks",
    "/locks/queue?name=busy",
    "/semaphores",
    "/elections",
    "/groups",
    "/groups?path=/",
    "/partitions?path=/shop/tenants",
    "/configuration",
    "/configuration?path=/config/shop",
    "/configuration/history?path=/config/shop",
    "/configuration/differences?path=/config/shop&a=1",
    "/configuration/at?path=/config/shop&version=1",
]
# Cells that hold one short word, and yet take more than a line.
TORN = """
    const lines = (cell) => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return new Set([...range.getClientRects()].map((each) => Math.round(each.top))).size;
    };
    const short = ".number, td[data-label=Kind], td[data-label=Since], td[data-label=Type]";
    return [...document.querySelectorAll(short)]
        .filter((cell) => lines(cell) > 1).map((cell) => cell.innerText);
"""
HOSTILE = "<img src=x onerror=document.title='hacked'>"


@pytest.fixture(scope="module")
def chromium():
    """One browser for all tests here."""
    with browser_of.opened() as browser:
        yield browser


class Reader:
    """Somebody at a browser."""

    def __init__(self, browser, address):
        self.browser = browser
        self.driver = browser.driver
        self._address = address
        self.driver.get_log("browser")  # of the test before

    def open(self, path, *, scripts=True):
        """Go to a page; with scripts, until it is live."""
        self.driver.get(self._address + path)
        if scripts:
            self.until(lambda: self.state == "live, read only")

    def until(self, condition):
        """Wait for what is to be seen, through all that is shown anew meanwhile."""

        def seen():
            try:
                return condition()
            except StaleElementReferenceException:
                return False

        wait_until(seen, timeout=PATIENCE)

    def click(self, selector):
        """On what is there now."""
        self.until(lambda: self.find(selector).click() is None)

    @property
    def state(self):
        """What the page says of itself."""
        return self.find("#state").text

    @property
    def text(self):
        """All that is to be seen."""
        return self.run("return document.body.innerText")

    def find(self, selector):
        """One part of the page."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def run(self, script):
        """What a script of the test's answers."""
        return self.driver.execute_script(script)

    def complaints(self):
        """What the browser found wrong."""
        return [each["message"] for each in self.driver.get_log("browser")]


@pytest.fixture
def reader(chromium, site):
    """At the pages of this test."""
    chromium.size(1280, 800)
    chromium.scheme("light")
    chromium.scripts(enabled=True)
    yield Reader(chromium, site.address)
    chromium.driver.get("about:blank")  # it looks no more


def test_a_page_is_live(reader, hold, queue_up):
    """What happens is seen without a reload, and ages grow in their places."""
    reader.open("/locks")
    reader.run("window.kept = true")
    lease = hold("busy", identifier="the holder")
    reader.until(lambda: "the holder" in reader.text)
    waiting = queue_up("busy", identifier="the next")
    reader.until(lambda: "the next" in reader.text)
    reader.run("document.querySelector('.age').marked = true")
    before = reader.find(".age").text
    reader.until(lambda: reader.find(".age").text != before)

    assert reader.run("return document.querySelector('.age').marked")  # not drawn anew
    waiting.cancel()
    lease.release()
    reader.until(lambda: "Free" in reader.text)
    assert reader.run("return window.kept")
    assert reader.complaints() == []


def test_who_waits_for_whom(reader, hold, queue_up):
    """The drawing is there, with its words inside their boxes, and leads to the lock."""
    hold("busy", identifier="a holder with quite a long name indeed")
    queue_up("busy", identifier="the next")
    reader.open("/")
    reader.until(lambda: "the next" in reader.find(".drawing svg").get_attribute("textContent"))
    outside = reader.run("""
        return [...document.querySelectorAll(".drawing .box")].filter((box) => {
            const frame = box.querySelector("rect").getBoundingClientRect();
            return [...box.querySelectorAll("text")].some((text) => {
                const words = text.getBoundingClientRect();
                return words.left < frame.left || words.right > frame.right
                    || words.top < frame.top || words.bottom > frame.bottom;
            });
        }).length;
    """)
    assert outside == 0
    assert reader.run("return document.querySelectorAll('.drawing .head').length") == 2
    reader.click(".drawing a")
    reader.until(lambda: "/locks/queue?root=" in reader.driver.current_url)
    assert reader.find("h1").text == "busy"


def test_without_scripts(reader, hold):
    """All is there to read, to search and to follow; it is loaded again now and then."""
    hold("busy", identifier="the holder")
    hold("calm")
    reader.browser.scripts(enabled=False)
    reader.open("/locks", scripts=False)
    assert "the holder" in reader.find("#live").text
    assert reader.find("noscript meta[http-equiv=refresh]").get_attribute("content") == "10"
    reader.find("input[name=q]").send_keys("busy" + Keys.ENTER)
    reader.until(lambda: "q=busy" in reader.driver.current_url)
    assert "calm" not in reader.find("#live").text
    reader.click("#live th a")
    reader.until(lambda: reader.find("h1").text == "busy")
    assert "the holder" in reader.find("tbody").text


def test_nothing_from_elsewhere_is_run(reader, hold, zk):
    """Names, identifiers and values stay text, when loaded and when they arrive later."""
    name = HOSTILE.replace("/", "")
    with Configuration(zk, "/config/shop", history=5) as config:
        config.store({"a": HOSTILE}, note=HOSTILE)
        reader.open("/locks")
        hold(name, identifier=HOSTILE)
        reader.until(lambda: "onerror" in reader.text)
        for path in ("/", "/configuration?path=/config/shop", f"/locks?q={name}"):
            reader.open(path)
            assert reader.run("return document.images.length") == 0
            assert "hacked" not in reader.driver.title
    assert reader.complaints() == []


@pytest.mark.parametrize("width", [1280, 1000, 780, 400, 320])
def test_every_page_fits(reader, hold, queue_up, zk, width):
    """On screens and phones: nothing is cut off, no short word torn, nothing complained of."""
    hold("busy", identifier="somebody who says at length who it is")
    queue_up("busy", identifier="somebody else who is as long-winded")
    with Configuration(zk, "/config/shop", history=5) as config:
        config.store({"a": {"long": "x" * 300}, "b": 1}, note="n" * 200)
        config.store({"b": 2})
    reader.browser.size(width, 800)
    for path in PAGES:
        reader.open(path)
        reader.until(lambda: reader.run("return document.getElementById('live').innerText"))
        assert reader.run("return document.documentElement.scrollWidth") <= width, path
        assert reader.run(TORN) == [], path
    assert reader.complaints() == []


def test_light_and_dark(reader):
    """As the reader's system prefers."""
    grounds = []
    for scheme in ("light", "dark"):
        reader.browser.scheme(scheme)
        reader.open("/")
        grounds.append(reader.run("return getComputedStyle(document.body).backgroundColor"))

    assert grounds[0] != grounds[1]


def test_the_keyboard(reader, hold):
    """``/`` goes to the search; the focus stays where it is when the page is brought up to date."""
    hold("busy")
    reader.open("/locks")
    reader.find("body").send_keys("/")
    assert reader.driver.switch_to.active_element.get_attribute("name") == "q"
    reader.find("#live th a").send_keys("")
    reader.run("document.querySelector('#live tbody th a').focus()")
    hold("another")
    reader.until(lambda: "another" in reader.text)
    assert reader.driver.switch_to.active_element.text == "busy"


def test_what_is_marked_stays(reader, hold):
    """Who copies something is not disturbed; news are shown when nothing is marked any more."""
    hold("busy")
    reader.open("/locks")
    reader.until(lambda: "busy" in reader.text)
    reader.run("getSelection().selectAllChildren(document.querySelector('#live tbody th'))")
    hold("another")
    reader.until(lambda: reader.run("return waiting !== null"))
    assert "another" not in reader.text
    assert reader.run("return getSelection().toString()") == "busy"
    reader.run("getSelection().removeAllRanges()")
    reader.until(lambda: "another" in reader.text)


def test_a_tab_that_nobody_sees_asks_for_nothing(reader, hold):
    """And is up to date again once it is seen."""
    reader.open("/locks")
    reader.run("""
        Object.defineProperty(document, "hidden", {configurable: true, get: () => window.away});
        window.away = true;
        document.dispatchEvent(new Event("visibilitychange"));
    """)
    assert reader.run("return source") is None
    hold("busy")
    reader.run("window.away = false; document.dispatchEvent(new Event('visibilitychange'));")
    reader.until(lambda: "busy" in reader.text)


def test_the_server_ends_and_comes_back(chromium, serve, hold):
    """What was seen last stays, and the page says so; then it goes on by itself."""
    hold("busy", identifier="the holder")
    chromium.scripts(enabled=True)
    first = serve()
    reader = Reader(chromium, first.address)
    reader.open("/locks")
    reader.until(lambda: "the holder" in reader.text)
    first.end()
    reader.until(lambda: "no answer from zooky web" in reader.state)
    assert "the holder" in reader.text
    listening = socket.create_server(("127.0.0.1", first.port))
    serve(listening=listening)
    hold("another")
    reader.until(lambda: "another" in reader.text and reader.state == "live, read only")
    chromium.driver.get("about:blank")


def test_pictures_in_the_documentation_can_be_taken_anew(tmp_path):
    """`python -m docs.screens.pages` takes those that the how-to shows, and no others."""
    subprocess.run([sys.executable, "-m", "docs.screens.pages", tmp_path], check=True, cwd=ROOT)
    taken = {file.name for file in tmp_path.iterdir()}
    page = (ROOT / "docs" / "howto" / "web.rst").read_text(encoding="utf-8")

    assert taken == {file.name for file in (ROOT / "docs" / "screens").glob("*.png")}
    assert all(f"image:: ../screens/{name}" in page for name in taken)
