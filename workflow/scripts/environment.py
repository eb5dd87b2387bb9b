"""Write environment.yml from requirements.lock, so that conda installs what pip installs; `make lock` calls it."""

from __future__ import annotations

import sys
from pathlib import Path

HEADER = """\
# Written by `make lock` from requirements.lock; edit pyproject.toml and run it again.
#
#   conda env create --file environment.yml
#   conda activate robust-dml && pip install --no-deps --editable .
name: robust-dml
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python=3.11
  - pip
  - pip:
"""


def requirements(lock: str) -> list[str]:
    """Return the requirements of a lock with exact versions and markers, without hashes, which conda cannot check."""
    lines = [line for line in lock.replace("\\\n", " ").splitlines() if line and not line.lstrip().startswith("#")]
    return [line.split(" --hash")[0].strip() for line in lines]


def environment(lock: str) -> str:
    """Return the text of environment.yml for the text of a lock."""
    return HEADER + "".join(f'      - "{requirement}"\n' for requirement in requirements(lock))


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(environment(source.read_text(encoding="utf-8")), encoding="utf-8")
