"""Build README and docs/ as HTML, and warn of what a reader would stumble over: `make docs`.

python docs/build.py [FOLDER]        into site/ unless a folder is given; ends with 1 if there are warnings

Warnings: a link to a file or heading that is not there, a page that no path of links leads to from the README, a
heading that skips a level, a block of code whose language is not one that the tests know how to run or leave alone.
"""

from __future__ import annotations

import html
import re
import sys
from itertools import pairwise
from pathlib import Path

import mistune

ROOT = Path(__file__).resolve().parents[1]
# Blocks of the first two are run by tests/workflow/test_docs.py; what cannot be run there has no language.
LANGUAGES = ("python", "sh", "yaml", "csv", "json", "tex", "")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
pre {{ overflow-x: auto; padding: .8rem; background: #f4f4f2; }}
td, th {{ padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }}
</style></head><body>
{body}
</body></html>
"""


def main(target: Path) -> int:
    """Write every page to `target`; print the warnings and return how many there are."""
    warnings = [warning for page in pages() for warning in warnings_of(page)] + orphans()
    for page in pages():
        text = page.read_text(encoding="utf-8")
        path = target / page.relative_to(ROOT).with_suffix(".html")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGE.format(title=html.escape(headings(text)[0][1]), body=render(text)), encoding="utf-8")
    print(*warnings, f"{len(pages())} pages in {target}, {len(warnings)} warnings", sep="\n")
    return len(warnings)


def pages() -> list[Path]:
    """What a reader reads."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def render(text: str) -> str:
    """The page as HTML; links to other pages become links to their HTML, headings get anchors."""
    body = mistune.create_markdown(escape=False, plugins=["table", "url"])(text)
    body = re.sub(r'href="(?!https?:)([^"#]*)\.md(#[^"]*)?"', r'href="\1.html\2"', str(body))
    return re.sub(r"<h(\d)>(.*?)</h\1>", lambda m: f'<h{m[1]} id="{anchor(m[2])}">{m[2]}</h{m[1]}>', body)


def warnings_of(page: Path) -> list[str]:
    """What is wrong with one page."""
    text, name = page.read_text(encoding="utf-8"), page.relative_to(ROOT)
    found = [f"{name}: broken link {link}" for link in links(text) if not resolves(page, link)]
    levels = [level for level, _ in headings(text)]
    if levels[:1] != [1] or levels.count(1) > 1:
        found.append(f"{name}: a page has one title, at its top")
    for (before, _), (level, title) in pairwise(headings(text)):
        found += [f"{name}: heading {title!r} skips a level"] if level > before + 1 else []
    found += [f"{name}: block of unknown language {info!r}" for info, _ in blocks(text) if info not in LANGUAGES]
    return found


def orphans() -> list[str]:
    """Pages that no path of links leads to from the README."""
    seen, new = set(), {ROOT / "README.md"}
    while new:
        page = new.pop()
        seen.add(page)
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in links(page.read_text(encoding="utf-8"))}
        new |= {target for target in targets if target.suffix == ".md" and target.is_file()} - seen
    return [f"{page.relative_to(ROOT)}: no link leads here" for page in pages() if page not in seen]


def blocks(text: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page: what stands behind the opening fence, and the content."""
    return re.findall(r"^```([^\n]*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def headings(text: str) -> list[tuple[int, str]]:
    """Levels and texts of the headings outside blocks of code."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) (.+)$", prose, flags=re.MULTILINE)]


def links(text: str) -> list[str]:
    """Targets of the links to files and headings of the project."""
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose) if not re.match(r"https?:|mailto:", link)]


def resolves(page: Path, link: str) -> bool:
    """Whether a link leads to a file, and to a heading of it if it names one."""
    file, _, heading = link.partition("#")
    target = (page.parent / file).resolve() if file else page
    if not heading or not target.exists():
        return target.exists()
    return heading in [anchor(title) for _, title in headings(target.read_text(encoding="utf-8"))]


def anchor(title: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    plain = re.sub(r"<[^>]+>|[`*]", "", title).strip().lower()
    return re.sub(r"[^\w\- ]", "", html.unescape(plain)).replace(" ", "-")


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "site")))
