"""The report in a headless Chromium whose network is cut, on a desk and on a telephone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.report.chromium import Page

WIDTHS = (1280, 390)

CONTRAST = """
(() => {
  const channel = (value) => { const c = value / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = (rgb) => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
  const numbers = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const worst = {};
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.getClientRects().length === 0 || ["SCRIPT", "STYLE", "OPTION"].includes(element.tagName)) {
      continue;
    }
    const style = getComputedStyle(element), drawn = element instanceof SVGElement;
    let ground = [255, 255, 255];
    for (let at = element; !drawn && at; at = at.parentElement) {
      const back = numbers(getComputedStyle(at).backgroundColor);
      if (back.length === 3 || back[3] > 0) { ground = back; break; }
    }
    if (drawn && element.closest(".bars")) {
      const bar = element.closest(".point").querySelector("path");
      ground = element.classList.contains("bartext-inside") ? numbers(getComputedStyle(bar).fill) : ground;
    }
    const pair = [light(numbers(drawn ? style.fill : style.color)), light(ground)].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) { worst[element.textContent.slice(0, 40)] = ratio; }
  }
  return worst;
})()
"""
"""Texts whose contrast to what lies behind them is below 4.5, as WCAG 2.2 defines it for level AA."""


CLIPPED = """
(() => {
  const found = [];
  for (const place of document.querySelectorAll(".figure")) {
    const frame = place.getBoundingClientRect();
    if (place.offsetParent === null) { continue; }
    for (const text of place.querySelectorAll("svg text")) {
      const box = text.getBoundingClientRect();
      if (box.width && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1)) {
        found.push(text.textContent);
      }
    }
  }
  return found;
})()
"""
"""Texts of figures that are cut at an edge."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    page = Page(tmp_path_factory.mktemp("chromium"))
    yield page
    page.close()


def drawn(browser: Page) -> tuple[int, int]:
    """Figures that are to be seen, and those that are drawn."""
    seen, done = browser.evaluate(
        "(() => { const seen = [...document.querySelectorAll('.figure')].filter((f) => f.offsetParent !== null);"
        " return [seen.length, seen.filter((f) => f.querySelector('svg.main-svg')).length]; })()")
    return int(seen), int(done)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("which", ["page", "harmful_page"])
def test_it_opens_without_a_network_and_without_a_complaint(browser: Page, request: pytest.FixtureRequest, width: int,
                                                            which: str) -> None:
    browser.open(request.getfixturevalue(which), width)
    seen, done = drawn(browser)
    assert seen >= 8
    assert done == seen
    assert browser.complaints == []
    assert browser.requests == []
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    assert browser.evaluate("typeof window.harm") == "undefined"


def test_the_browser_sees_complaints_requests_and_harm(browser: Page, tmp_path: Path) -> None:
    """The checks above can fail."""
    bad = tmp_path / "bad.html"
    bad.write_text("<!DOCTYPE html><html><body><script>console.error('bad'); window.harm = 1; undefinedName;</script>"
                   "<script>document.documentElement.dataset.ready = 'yes'</script>"
                   "<img src='https://example.org/x.png'><p style='width:2000px;color:#aaa'>wide</p></body></html>",
                   encoding="utf-8")
    browser.open(bad, 390)
    browser.evaluate("new Promise((done) => setTimeout(done, 200))")
    assert any("bad" in text for text in browser.complaints)
    assert any("undefinedName" in text for text in browser.complaints)
    assert browser.requests == ["https://example.org/x.png"]
    assert browser.evaluate("window.harm") == 1
    assert browser.evaluate("document.documentElement.scrollWidth") > 390
    assert "wide" in browser.evaluate(CONTRAST)


@pytest.mark.parametrize("width", WIDTHS)
def test_text_stands_out_from_its_ground(browser: Page, page: Path, width: int) -> None:
    browser.open(page, width)
    browser.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert browser.evaluate(CONTRAST) == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_no_text_of_a_figure_is_cut(browser: Page, page: Path, width: int) -> None:
    browser.open(page, width)
    assert browser.evaluate(CLIPPED) == []
    browser.evaluate("document.querySelector('#differences .figure').style.width = '90px'")
    assert browser.evaluate(CLIPPED) != []


def press(browser: Page, key: str, code: int) -> None:
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                     **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}))


def test_it_can_be_used_by_the_keyboard(browser: Page, page: Path) -> None:
    """The first stop skips to the summary; every stop is seen; a choice draws another figure; a table opens."""
    browser.open(page, 1280)
    press(browser, "Tab", 9)
    assert browser.evaluate("document.activeElement.className") == "skip"
    for _ in range(12):
        assert browser.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        press(browser, "Tab", 9)
    browser.evaluate("document.getElementById('plan').focus()")
    before = browser.evaluate("document.getElementById('plan').value")
    press(browser, "ArrowDown", 40)
    after = browser.evaluate("document.getElementById('plan').value")
    assert after != before
    browser.evaluate("drawing")
    hidden = [browser.evaluate(f"document.getElementById('{part}').hidden") for part in (before, after)]
    assert hidden == [True, False]
    seen, done = drawn(browser)
    assert done == seen
    browser.evaluate("document.querySelector('#differences summary').focus()")
    press(browser, "Enter", 13)
    assert browser.evaluate("document.querySelector('#differences details').open") is True
    assert browser.complaints == []


def test_every_variant_of_every_figure_can_be_drawn(browser: Page, page: Path) -> None:
    browser.open(page, 1280)
    count = browser.evaluate(
        "(async () => { document.querySelectorAll('[hidden]').forEach((part) => { part.hidden = false; });"
        " await drawShown(); return document.querySelectorAll('.figure').length; })()")
    assert count > 40
    assert drawn(browser) == (count, count)
    assert browser.complaints == []


def test_a_link_to_a_table_opens_it(browser: Page, page: Path) -> None:
    browser.open(page, 1280)
    around = "document.getElementById('plan1-customers').closest('details')"
    assert browser.evaluate(f"{around}.open") is False
    browser.evaluate("document.querySelector('#plan1 a.see').click()")
    assert browser.evaluate(f"{around}.open") is True


@pytest.mark.slow
def test_two_pictures_of_the_page_are_the_same(browser: Page, page: Path, tmp_path: Path) -> None:
    prints = []
    for name in ("one", "two"):
        browser.open(page, 1280)
        browser.picture(tmp_path / f"{name}.png", width=1280, height=2000)
        prints.append(hashlib.sha256((tmp_path / f"{name}.png").read_bytes()).hexdigest())
    assert prints[0] == prints[1]
    assert (tmp_path / "one.png").stat().st_size > 20_000
