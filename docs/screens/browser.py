"""A real browser: Debian's chromium, or any that is on the PATH with its driver."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from selenium import webdriver

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars")
_PHONE = 600  # pixels: narrower is a phone


def why_not() -> str:
    """Why there is no browser to use, with the remedy; empty where there is one."""
    lacking = [
        what
        for what, found in (("chromium", _browser()), ("chromedriver", _driver()))
        if found is None
    ]
    if not lacking:
        return ""
    return f"there is no {' and no '.join(lacking)} on the PATH: make test-browser installs them"


def _browser() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)


def _driver() -> str | None:
    return shutil.which("chromedriver")


class Browser:
    """One window. `driver` is selenium's."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def size(self, width: int, height: int) -> None:
        """Of the window, in pixels."""
        self._tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < _PHONE,
        )

    def scheme(self, scheme: Literal["light", "dark"]) -> None:
        """What the reader's system prefers."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._tell("Emulation.setEmulatedMedia", features=[feature])

    def scripts(self, *, enabled: bool) -> None:
        """Whether pages may run any."""
        self._tell("Emulation.setScriptExecutionDisabled", value=not enabled)

    def whole_page(self, width: int) -> bytes:
        """A picture of the page, as long as it is."""
        self.size(width, 300)
        height = self.driver.execute_script("return document.documentElement.scrollHeight")
        self.size(width, int(height))
        return self.driver.get_screenshot_as_png()

    def _tell(self, command: str, **parameters: Any) -> None:
        self.driver.execute_cdp_cmd(command, parameters)


@contextmanager
def opened() -> Iterator[Browser]:
    """A browser without a screen."""
    options = webdriver.ChromeOptions()
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    options.binary_location = _browser() or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(_driver()))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
