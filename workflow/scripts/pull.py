"""Fetch the results of a study that dvc.lock records, check them, and mark them as fresh for Snakemake.

    make pull STUDY=demo

DVC restores no times, and Snakemake's own record of what was made from what is not in git, so that pulled files
would look fresh or outdated by chance. A stage counts as fresh only if settings, code and inputs in this checkout are
those that dvc.lock has it made from, and its files have the hashes that dvc.lock has; stages after the first that is
not are neither pulled nor touched.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

from robust_dml.config import load_study
from robust_dml.config.paths import results_folder
from robust_dml.data.paths import index_path
from robust_dml.runtime.errors import UserError

# Each stage of dvc.yaml, the target that makes it, and the rule that makes it from scratch.
STAGES = {
    "data": ("data", "build_index"),
    "models": ("models", "train_model"),
    "attacks": ("attacks", "attack_model"),
    "report": ("all", "make_tables plot_figures check_claims write_headlines render_page run_notebook"),
}


def main(study: str) -> None:
    """Pull, check and touch. Raises UserError if anything differs from dvc.lock."""
    config = Path("config", f"{study}.yaml")
    require_no_run()
    require_lock(study)
    run("robust_dml", "digests", str(config))
    found = status(study)
    changed = {stage: changed_deps(found[stage]) for stage in STAGES}
    stale = next((stage for stage, deps in changed.items() if deps), None)
    fresh = list(STAGES)[: list(STAGES).index(stale)] if stale else list(STAGES)
    if fresh:
        dvc("pull", *(f"{stage}@{study}" for stage in fresh))
        require_recorded(study, fresh)
        require_same_images(config)
        snakemake(config, "--touch", "--forceall", "--quiet", "all", "--", *(STAGES[stage][0] for stage in fresh))
        print(f"{study}: {', '.join(fresh)} as in dvc.lock; snakemake has nothing to do for them", flush=True)
    if stale:
        raise UserError(
            f"{stale}@{study} in dvc.lock is not of this checkout ({some(changed[stale])} changed), so it was not"
            f" pulled; make it with: {remedy(study, config, stale)}"
        )


def require_no_run() -> None:
    """No run of Snakemake is under way here, whose files would be replaced."""
    if any(Path(".snakemake", "locks").glob("*")):
        raise UserError(
            "snakemake runs in this folder; wait for its end, or after a kill free the folder with: snakemake --unlock"
        )


def require_lock(study: str) -> None:
    """Raise UserError if dvc.lock records nothing of the study."""
    lock = Path("dvc.lock")
    stages = yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"] if lock.exists() else {}
    if f"data@{study}" not in stages:
        raise UserError(f"dvc.lock has nothing of a study {study}; record it with: dvc repro report@{study}")


def remedy(study: str, config: Path, stage: str) -> str:
    """Return the commands that make a stage and what comes after it from what was pulled."""
    command = f"snakemake --configfile {config} --cores all"
    images = f"{command} data, then make pull STUDY={study} once more, then " if stage in ("models", "attacks") else ""
    return f"{images}{command} --forcerun {STAGES[stage][1]}"


def status(study: str) -> dict[str, list[dict[str, Any]]]:
    """Return how each stage differs from dvc.lock; an empty list if it does not."""
    names = {stage: f"{stage}@{study}" for stage in STAGES}
    found = json.loads(dvc("status", "--json", *names.values()))
    return {stage: [entry for entry in found.get(name, []) if isinstance(entry, dict)] for stage, name in names.items()}


def changed_deps(differences: list[dict[str, Any]]) -> list[str]:
    """Return the dependencies of a stage that differ here; those not pulled yet do not count."""
    deps = {path: how for entry in differences for path, how in entry.get("changed deps", {}).items()}
    different = [path for path, how in deps.items() if not (how == "deleted" and path.startswith("results"))]
    return different + (["its command"] if any("changed command" in entry for entry in differences) else [])


def require_recorded(study: str, stages: list[str]) -> None:
    """Raise UserError if a file of the stages has another hash than in dvc.lock."""
    found = status(study)
    paths = [path for stage in stages for entry in found[stage] for paths in entry.values() for path in paths]
    if paths:
        raise UserError(
            f"{some(paths)} not as in dvc.lock; nothing was declared fresh; `git restore` or `dvc checkout`"
        )


def require_same_images(config: Path) -> None:
    """Raise UserError if images prepared here are not those of the pulled models."""
    study = load_study(config)
    for name, dataset in study.datasets.items():
        recorded, prepared = results_folder(study.name) / "data" / f"{name}.csv", index_path(dataset, study.data_root)
        if prepared.exists() and prepared.read_bytes() != recorded.read_bytes():
            raise UserError(f"{prepared} is not {recorded}: other images; remove {prepared.parent} and pull again")


def some(paths: list[str]) -> str:
    """Return the first paths of a list, as text."""
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def dvc(*arguments: str) -> str:
    """Run DVC, return its output."""
    return run("dvc", *arguments)


def snakemake(config: Path, *arguments: str) -> None:
    """Run Snakemake on a study."""
    run("snakemake", "--configfile", str(config), "--cores", "1", *arguments)


def run(module: str, *arguments: str) -> str:
    """Run a Python module, return its standard output. Raises UserError with its message if it fails."""
    ended = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True)
    if ended.returncode:
        message = (ended.stderr or ended.stdout).partition("ERROR: ")
        raise UserError(f"{module} {arguments[0]}: {' '.join((message[2] or message[0]).split())}")
    return ended.stdout


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except UserError as error:
        sys.exit(f"pull: {error}")
