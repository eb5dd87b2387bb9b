"""A checkout as a git repository with the project's DVC files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from checkout import ROOT

RESULTS = Path("results/ci")
PARTS = (".dvc/config", ".dvc/.gitignore", ".dvc/plots", ".dvcignore", ".gitignore", "dvc.yaml", "headlines")


def environment() -> dict[str, str]:
    """The tools of this environment on the PATH, the checkout's package, and nothing of the user's git."""
    names = {"AUTHOR_NAME": "A", "AUTHOR_EMAIL": "a@b", "COMMITTER_NAME": "A", "COMMITTER_EMAIL": "a@b"}
    git = {f"GIT_{name}": value for name, value in names.items()} | {"GIT_CONFIG_GLOBAL": os.devnull}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, **git, "PATH": path, "PYTHONPATH": "src"}


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a checkout."""
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)


def checked(folder: Path, *command: str | Path) -> str:
    """The output of a command that must succeed."""
    ended = run(folder, *command)
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-3000:]
    return ended.stdout + ended.stderr


def make_repository(folder: Path) -> Path:
    """Put a checkout under git."""
    for part in PARTS:
        (folder / part).parent.mkdir(exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part)
        else:
            shutil.copy(ROOT / part, folder / part)
    checked(folder, "git", "init", "--quiet")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Commit everything that git does not ignore."""
    checked(folder, "git", "add", "--all")
    checked(folder, "git", "commit", "--quiet", "--allow-empty", "--message", "state")
