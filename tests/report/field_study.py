"""A made-up study of published defences with made-up results."""

from __future__ import annotations

from pathlib import Path

import yaml

from report.made_up_results import make_results
from robust_dml.config import load_study
from robust_dml.report.cells import Numbers
from robust_dml.report.results import Results

ATTACK = {"optimiser": "pgd", "epsilon": 0.1, "steps": 2}
TRAININGS = {
    "natural": {"method": "natural"},
    "robust-anchor": {"method": "robust", "perturb": "anchor", "attack": ATTACK},
    "est": {"method": "est", "attack": ATTACK},
    "act": {"method": "act", "miner": {"kind": "by-hardness", "strategy": "random"}, "attack": ATTACK},
    "act-s": {"method": "act", "miner": {"kind": "by-hardness", "strategy": "softhard"}, "attack": ATTACK},
    "hm-ics": {"method": "hm", "ics": 0.5, "attack": ATTACK},
}


def numbers_of_field_study() -> Numbers:
    """Its numbers; files are written below the current folder."""
    content = yaml.safe_load(Path(__file__).with_name("study.yaml").read_text())
    content |= {"name": "made-up-field", "trainings": TRAININGS, "report": {"headline": "pgd-0.1"}}
    content["datasets"] = {"digits": {**content["datasets"]["digits"], "trainings": list(TRAININGS)}}
    content["backbones"] = {"small": content["backbones"]["small"]}
    content["losses"] = {"triplet": content["losses"]["triplet"]}
    Path("field.yaml").write_text(yaml.safe_dump(content))
    study = load_study(Path("field.yaml"))
    make_results(study)
    return Numbers(Results(study))
