"""Opens what people look at, Airflow's pages and the run report, in a headless browser, and takes pictures.

make screenshots, or: infra/cluster/run .venv/bin/python infra/cluster/screenshots.py FOLDER
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from popbase.publish.publication import Publications
from popbase.publish.run_report import PAGE
from popbase.storage import store

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SIZE = {"width": 1440, "height": 900}
# Airflow's pages draw themselves while they load; on two busy cores that takes its time.
PATIENCE = 60_000


def pictures(environ: Mapping[str, str], folder: Path) -> list[Path]:
    """The pictures, as files in `folder`; fails where a page does not show what it is for."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit("There is no browser here; install one (Debian: apt install chromium).")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            return [*airflow(browser, environ, folder), run_report(browser, environ, folder)]
        finally:
            browser.close()


def airflow(browser: Browser, environ: Mapping[str, str], folder: Path) -> list[Path]:
    page = _page(browser)
    address = environ["AIRFLOW__API__BASE_URL"]
    passwords = Path(environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]).read_text("utf-8")
    page.goto(f"{address}/auth/login")
    page.get_by_label("Username").fill("operator")
    page.locator("input[type=password]").fill(json.loads(passwords)["operator"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/auth/login" not in url)
    page.goto(f"{address}/dags?limit=50")
    expect(page.get_by_text("population_base", exact=True).first).to_be_visible()
    all_of_them = _taken(page, folder / "airflow-dags.png")
    page.goto(f"{address}/dags/reports")
    expect(page.get_by_text("publish", exact=True).first).to_be_visible()
    return [all_of_them, _taken(page, folder / "airflow-reports.png")]


def run_report(browser: Browser, environ: Mapping[str, str], folder: Path) -> Path:
    """The one of the current publication."""
    lake = environ["POPBASE_LAKE"]
    current = Publications(lake).current()
    if current is None:
        sys.exit("Nothing is published yet: a night or a backfill does it.")
    page = _page(browser)
    page.set_content(store(lake).read(f"{current.report}/{PAGE}").decode())
    expect(page.get_by_text("PUBLISHED", exact=True).first).to_be_visible()
    return _taken(page, folder / "run-report.png")


def _page(browser: Browser) -> Page:
    page = browser.new_page(viewport=SIZE)
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    return page


def _taken(page: Page, file: Path) -> Path:
    page.wait_for_timeout(2_000)  # what is drawn after it has appeared: numbers, bars
    page.screenshot(path=file, full_page=True)
    return file


if __name__ == "__main__":
    for picture in pictures(os.environ, Path(sys.argv[1])):
        print(picture)
