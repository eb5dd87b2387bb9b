"""A copy of this checkout, where a test may run the workflow."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "workflow", "profiles", "config", "src", "notebooks", "environment.yml")


def copy_checkout(folder: Path) -> Path:
    """Copy what the workflow needs, without results, into `folder`."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        elif source.exists():
            shutil.copy2(source, folder / part)
    return folder


def run_snakemake(folder: Path, *arguments: str, study: str = "ci") -> subprocess.CompletedProcess[str]:
    """Run snakemake in `folder` on config/<study>.yaml with two cores."""
    command = [sys.executable, "-m", "snakemake", "--configfile", f"config/{study}.yaml", "--cores", "2", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)
