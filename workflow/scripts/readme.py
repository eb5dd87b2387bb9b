"""Put records into the README: what stands between two markers is the content of the file that they name.

python workflow/scripts/readme.py

<!-- records/demo/summary.txt -->
<!-- /records/demo/summary.txt -->
"""

from __future__ import annotations

import re
from pathlib import Path

BLOCK = re.compile(r"^<!-- (records/\S+) -->\n.*?^<!-- /\1 -->\n", re.MULTILINE | re.DOTALL)


def filled(text: str, root: Path) -> str:
    """Return a page with the present content of each file between its markers, as a block of code."""
    return BLOCK.sub(lambda found: block(found[1], (root / found[1]).read_text(encoding="utf-8")), text)


def block(name: str, content: str) -> str:
    """Return the content of a file between its markers."""
    return f"<!-- {name} -->\n\n```\n{content.strip()}\n```\n\n<!-- /{name} -->\n"


if __name__ == "__main__":
    page = Path("README.md")
    page.write_text(filled(page.read_text(encoding="utf-8"), Path()), encoding="utf-8")
