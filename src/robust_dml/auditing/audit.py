"""Audit an encoder: the jobs of the workflow, one after the other, on a study of one model."""

from __future__ import annotations

from robust_dml.auditing.inspection import inspect_encoder
from robust_dml.auditing.request import AuditRequest
from robust_dml.auditing.study import audit_study
from robust_dml.cards.card import About
from robust_dml.cards.make import write_cards
from robust_dml.config import Run, Study
from robust_dml.config.digests import threat_digest, training_digest
from robust_dml.config.paths import attack_folder, model_folder, results_folder, results_in, threat_path
from robust_dml.config.resolve import runs
from robust_dml.data import open_dataset
from robust_dml.data.index.build import build_index
from robust_dml.data.index.file import read_index
from robust_dml.data.parallel import default_workers
from robust_dml.data.paths import index_path
from robust_dml.data.store.build import build_store, open_store
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.collect import collect
from robust_dml.evaluation.collect_threats import collect_threats
from robust_dml.evaluation.measure import measure_threat
from robust_dml.evaluation.score import score_model
from robust_dml.evaluation.trained import recorded_sha256
from robust_dml.report.write import write_figures, write_page, write_tables
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import read_json, sha256_of, write_text
from robust_dml.runtime.hardware import pick_device
from robust_dml.runtime.locks import only_one
from robust_dml.runtime.progress import say
from robust_dml.runtime.sealed import read_sealed
from robust_dml.training.untrained import write_untrained


def run_audit(request: AuditRequest, about: About | None = None) -> Study:
    """Make every file of an audit in `request.out` and return its study; a killed audit goes on where it stopped.

    Raises UserError if the encoder or the images cannot be used.
    """
    study = audit_study(request, batch_of(request))
    with only_one(request.out / "lock", f"the audit in {request.out}"), results_in(request.out):
        for name in study.datasets:
            prepare(study, name)
        for run in runs(study):
            make_model(study, run)
            attack_model(study, run)
            score_model(study, run)
        collect(study)
        if study.threats:
            measure_threats(study)
        write_report(study)
        write_cards(study, about or About())
        _copy_checks(study)
    return study


def batch_of(request: AuditRequest) -> int:
    """Return the images of a batch that fit into memory, after a first look at the encoder, which must run."""
    study = audit_study(request)
    run = next(runs(study))
    backbone, size = study.models[run.training], study.datasets[run.dataset].transform.size
    device = pick_device(study.device)
    found = inspect_encoder(backbone, size, seed=run.seed, data_root=study.data_root, device=device)
    say(
        f"{request.encoder}: {found.dimension} numbers an image, compared by"
        f" {'cosine' if backbone.normalize_embedding else 'distance'}; images of {size} x {size} pixels on {device}"
    )
    return found.batch


def prepare(study: Study, name: str) -> None:
    """List the images of a dataset, the user's own every time, and pack them unless that has been done for the list."""
    config, workers = study.datasets[name], default_workers()
    path = index_path(config, study.data_root)
    if config.record.origin == "own" or not path.exists():
        build_index(config, study.data_root, study.sources, workers=workers)
    try:
        open_store(config, study.data_root, read_index(path), sha256_of(path))
    except UserError:
        build_store(config, study.data_root, workers=workers)
    write_text(results_folder(study.name) / "data" / f"{name}.csv", path.read_text(encoding="utf-8"))


def make_model(study: Study, run: Run) -> None:
    """Write the files of the model, unless they are those of this very encoder already."""
    record = model_folder(study.name, run) / "run.json"
    digest = read_json(record).get("digest") if record.exists() else None
    if digest != training_digest(study, run):
        write_untrained(study, run)


def measure_threats(study: Study) -> None:
    """Write the readings of every threat on the only model, unless they are of it, its images and settings; collect."""
    (run,) = runs(study)
    weights = recorded_sha256(model_folder(study.name, run) / "run.json")
    images = open_dataset(study.datasets[run.dataset], study.data_root).sha256
    for name in study.threats:
        path = threat_path(study.name, run, name)
        found = read_sealed(path) if path.exists() else {}
        expected = {"digest": threat_digest(study, name), "model_sha256": weights, "data_sha256": images}
        if any(found.get(key) != value for key, value in expected.items()):
            measure_threat(study, run, name)
    collect_threats(study)


def write_report(study: Study) -> None:
    """Write tables, figures and the page."""
    write_tables(study, [])
    write_figures(study)
    write_page(study, [], [])


def _copy_checks(study: Study) -> None:
    """Write the checks of the only model beside its metrics."""
    (run,) = runs(study)
    text = (attack_folder(study.name, run) / "checks.json").read_text(encoding="utf-8")
    write_text(results_folder(study.name) / "checks.json", text)
