"""An environment with the wheel of this package and what its metadata asks for, without any extra.

Nothing is downloaded: what is installed here is linked into it, distribution by distribution.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from checkout import ROOT


@dataclass(frozen=True)
class LightEnvironment:
    """A virtual environment that does not see the packages of this one, but for those that are linked into it."""

    folder: Path
    packages: frozenset[str]
    """The names of the linked distributions."""

    def run(self, code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run Python code in it, without the folders of this checkout."""
        python = self.folder / "bin" / "python"
        return subprocess.run([python, "-I", "-c", code], cwd=cwd, capture_output=True, text=True)


def build_wheel(folder: Path) -> Path:
    """Build the wheel of a copy of this checkout's package, without the network."""
    copy = folder / "source"
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(copy)], check=True, capture_output=True, text=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def make_environment(folder: Path, wheel: Path) -> LightEnvironment:
    """Make an environment with the wheel unpacked in it and its requirements linked."""
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    (own,) = distributions(path=[str(site)])
    needed = dict(_closure(own))
    for found in needed.values():
        for top in _tops(found):
            if not (site / top.name).exists():
                (site / top.name).symlink_to(top)
    return LightEnvironment(folder, frozenset(needed))


def _closure(own: Distribution) -> Iterator[tuple[str, Distribution]]:
    """Yield each distribution that one needs without extras, with its name."""
    seen, waiting = {canonicalize_name(own.name)}, [own]
    while waiting:
        for text in waiting.pop().requires or ():
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if name in seen or not wanted:
                continue
            seen.add(name)
            try:
                found = distribution(name)
            except PackageNotFoundError:
                continue  # what it is for then fails in the test
            waiting.append(found)
            yield name, found


def _tops(found: Distribution) -> set[Path]:
    """Return the files and folders directly in site-packages that belong to a distribution."""
    site = Path(str(found.locate_file(""))).resolve()
    names = {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}
    return {site / name for name in names}
