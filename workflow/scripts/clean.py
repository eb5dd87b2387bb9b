"""`make clean`: delete what is made again in seconds; with the name of a study, its results, once the user agrees.

python workflow/scripts/clean.py [STUDY] [--yes]

Files that git tracks stay. Without a study: caches of the tools, logs, built pages, and saved states older than the
model that their training has finished. State of a killed job stays, so that the job can continue.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".snakemake/log", "logs", "site", "dvc_plots")
OURS = ("src", "tests", "benchmarks", "workflow", "docs", "config")


def main() -> int:
    """Delete and say what; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="?", help="delete the results, state and logs of this study")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args()
    if arguments.study:
        return clean_study(arguments.study, asks=not arguments.yes)
    folders = list(regenerable())
    for folder in folders:
        shutil.rmtree(folder)
    print(f"make clean: deleted {len(folders)} folders of caches, logs and old states; results stay")
    return 0


def regenerable() -> Iterator[Path]:
    """Yield the folders that are made again in seconds or that nothing reads any more."""
    yield from (folder for folder in map(Path, CACHES) if folder.is_dir())
    for place in map(Path, OURS):
        yield from place.rglob("__pycache__")
    for state in Path("state").glob("*/train/*/*/*/seed*"):
        study, _, *model = state.relative_to("state").parts
        record = Path("results", study, "models", *model, "run.json")
        if record.exists() and all(file.stat().st_mtime < record.stat().st_mtime for file in files_below(state)):
            yield state


def clean_study(study: str, *, asks: bool) -> int:
    """Delete the results of a study, after asking."""
    known = sorted(folder.name for folder in Path("results").glob("*") if folder.is_dir())
    if study not in known:
        print(f"make clean: no folder results/{study}; there are {', '.join(known) or 'none'}", file=sys.stderr)
        return 1
    folders = [folder for folder in (Path(root, study) for root in ("results", "state", "logs")) if folder.is_dir()]
    tracked = tracked_files(Path("results", study))
    files = [file for folder in folders for file in files_below(folder) if file not in tracked]
    size = sum(file.lstat().st_size for file in files) / 1e6
    question = f"delete {len(files)} files ({size:,.0f} MB) of {', '.join(map(str, folders))}"
    if asks and not agreed(question):
        print("make clean: nothing deleted")
        return 1
    for file in files:
        file.unlink()
    for folder in folders:
        remove_empty(folder)
    print(f"make clean: deleted {len(files)} files of {study}")
    return 0


def agreed(question: str) -> bool:
    """Ask on the terminal; no answer means no."""
    try:
        return input(f"make clean: {question}? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False


def tracked_files(folder: Path) -> set[Path]:
    """Return the files of a folder that git tracks; none outside a repository."""
    listed = subprocess.run(["git", "ls-files", "-z", str(folder)], capture_output=True, text=True)
    return {Path(name) for name in listed.stdout.split("\0") if name}


def files_below(folder: Path) -> list[Path]:
    """Return the files and links of a folder and its sub-folders."""
    return [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]


def remove_empty(folder: Path) -> None:
    """Remove the folders, from the innermost, that nothing is left in."""
    for path in sorted([folder, *folder.rglob("*")], reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


if __name__ == "__main__":
    sys.exit(main())
