"""The press for printed calendars: fonts of their packages and the template, read once in a process."""

from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calendars.sheet import Press

FONTS = ("fontpkg_noto_sans", "fontpkg_ibm_plex_sans_arabic")


@cache
def load_press() -> "Press":
    """The press; importing what prints takes a moment, so it is made when something is printed."""
    import typst

    from calendars.glyphs import characters
    from calendars.sheet import Press

    folders = [_folder(package) for package in FONTS]
    upright = [path for folder in folders for path in sorted(folder.glob("*.ttf")) if "Italic" not in path.name]
    return Press(
        fonts=typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(map(str, folders))),
        covered=frozenset[int]().union(*(characters(path.read_bytes()) for path in upright)),
        template=(files("calendars") / "document.typ").read_bytes(),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _folder(package: str) -> Path:
    with as_file(files(package) / "files") as folder:
        return folder
