"""The map of the house is that of the house, and what the page on the core prints is what the code prints."""

from __future__ import annotations

import doctest
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")


def layers() -> list[list[str]]:
    """The layers of the contract, from the top down: modules side by side, without the name of the package."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = next(each for each in settings["contracts"] if each["type"] == "layers")
    return [re.split(r"\s*[|:]\s*", layer.replace("ctsopt.", "")) for layer in contract["layers"]]


def drawn() -> list[tuple[int, str]]:
    """The rooms of the picture: height and name of each, in bold beside its box."""
    bold = re.findall(r'<text x="[\d.]+" y="(\d+)" font-size="17" font-weight="bold"[^>]*>([a-z]+)</text>', PICTURE)
    return [(int(height), name) for height, name in bold]


def test_rooms_are_drawn_in_the_order_of_their_layers():
    place = {room: height for height, layer in enumerate(layers()) for room in layer}
    rooms = [name for _, name in sorted(drawn())]
    assert len(rooms) >= 13
    assert [place[name] for name in rooms] == sorted(place[name] for name in rooms)
    for one, other in (("networks", "programs"), ("results", "solving")):
        heights = dict((name, height) for height, name in drawn())
        assert (heights[one] == heights[other]) == (place[one] == place[other])


def test_the_map_and_the_picture_name_every_room():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (ROOT / "src" / "ctsopt").glob("[a-z]*/__init__.py")}
    assert rooms - {name for _, name in drawn()} == set()
    assert {room for room in rooms if f"ctsopt.{room}" not in page and f"`{room}/" not in page} == set()


def test_the_picture_loads_nothing_and_says_what_it_shows():
    assert "<title" in PICTURE
    assert "<desc" in PICTURE
    assert re.findall(r'(?:href|src|url)\s*[=(]', PICTURE) == []
    assert len(PICTURE) < 20_000


def test_the_page_on_the_core_prints_what_it_says():
    page = (ROOT / "docs" / "core.md").read_text(encoding="utf-8")
    printed = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    examples = doctest.DocTestParser().get_doctest(printed, {}, "core.md", "core.md", 0)
    runner = doctest.DocTestRunner()
    runner.run(examples)
    assert runner.summarize(verbose=False).failed == 0
    assert len(examples.examples) >= 18
