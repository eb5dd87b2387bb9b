"""A copy of this checkout, where a test may run the workflow."""

import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PARTS = ("workflow", "profiles", "config", "src", "notebooks", "environment.yml")

# A run of snakemake is forked from a process that has imported it: half the time of a dry run goes into imports.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["snakemake.cli", "pydantic", "yaml"])


def copy_checkout(folder: Path) -> Path:
    """Copy what the workflow needs, without results, into `folder`."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("*.egg-info"))
        elif source.exists():
            shutil.copy2(source, folder / part)
    return folder


def run_snakemake(folder: Path, *arguments: str, study: str | None = "ci") -> subprocess.CompletedProcess[str]:
    """Run snakemake in `folder` with two cores, on config/<study>.yaml unless the arguments name the study."""
    words = [*(["--configfile", f"config/{study}.yaml"] if study else []), "--cores", "2", *arguments]
    with TemporaryDirectory() as place:
        streams = [Path(place, name) for name in ("stdout", "stderr")]
        process = FORKS.Process(target=_snakemake, args=(folder, words, dict(os.environ), streams))
        process.start()
        process.join()
        printed = [stream.read_text() if stream.exists() else "" for stream in streams]
    code = process.exitcode
    process.close()
    return subprocess.CompletedProcess(["snakemake", *words], -1 if code is None else code, *printed)


def _snakemake(folder: Path, words: list[str], environment: dict[str, str], streams: list[Path]) -> None:
    """Be `snakemake WORDS` in a folder, in a process that has just been forked."""
    for number, stream in enumerate(streams, start=1):
        with stream.open("w") as file:
            os.dup2(file.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["snakemake", *words]
    from snakemake.cli import main

    main(words)
