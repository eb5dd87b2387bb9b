"""The study, and the helpers of the rule files; nothing else defines a function."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

# Of a module, too, this is the checkout that it lies in; workflow.basedir would be the folder of the user's Snakefile.
CHECKOUT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
sys.path.insert(0, str(CHECKOUT / "src"))

import robust_dml

from robust_dml.config import Run, load_study, paths
from robust_dml.config import digests
from robust_dml.config.resolve import backbone_of, runs, sources_of
from robust_dml.config.evaluation import result_labels
from robust_dml.data import paths as data_paths
from robust_dml.evaluation.planned import attacks_by_digest
from robust_dml.planning import cost
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.source_code import code_digest

# Snakemake formats this path with wildcards, so braces in the name of the checkout are doubled.
ENVIRONMENT = str(CHECKOUT / "environment.yml").replace("{", "{{").replace("}", "}}")


def seen_from_here(file):
    """Return a path relative to the working folder, so that a checkout that is moved has nothing to make again."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def here_or_shipped(path):
    """Return a file of the working folder, such as config/claims.yaml, or the checkout's where there is none."""
    return Path(path) if Path(path).exists() else seen_from_here(CHECKOUT / path)


def study_file():
    """Return the file that a config names as its `study`, else the one of --configfile, else the paper's study.

    A workflow that uses this one as a module says `config: {"study": "config/mine.yaml"}`.
    """
    if isinstance(config.get("study"), str):
        return Path(config["study"])
    files = [Path(file) for file in workflow.config_settings.configfiles]
    if len(files) > 1 or workflow.config_settings.config:
        raise WorkflowError("A study is one file: give one --configfile and no --config; copy a study to change it.")
    return seen_from_here(files[0]) if files else here_or_shipped("config/paper.yaml")


def read_study():
    """Return the checked study; a mistake in it ends the planning with one line."""
    try:
        return load_study(STUDY_FILE)
    except UserError as error:
        raise WorkflowError(str(error)) from None


def require_plain_names():
    """Raise WorkflowError if a folder of images has braces in its name, which no input of Snakemake can have."""
    own = [folder for config in STUDY.datasets.values() for folder in data_paths.own_folders(config)]
    for folder in map(str, [DATA, *own]):
        if "{" in folder or "}" in folder:
            raise WorkflowError(f"{folder}: Snakemake reads braces in a name as a wildcard; rename the folder")


def job_prefix():
    """Return what every shell command begins with: stop at the first failure, and find this checkout's package.

    An environment of conda drops PYTHONPATH, so it is set in the shell too, quoted.
    """
    sources = os.pathsep.join([str(Path(robust_dml.__file__).parents[1]), str(STUDY_FILE.resolve().parent)])
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.update(PYTHONPATH=sources, PYTHONUNBUFFERED="1")
    if DeploymentMethod.CONDA not in workflow.deployment_settings.deployment_method:
        path = [str(Path(sys.executable).parent), *os.get_exec_path()]
        os.environ.update(PATH=os.pathsep.join(path))
    quoted = shlex.quote(sources).replace("{", "{{").replace("}", "}}")
    return f"set -euo pipefail; export PYTHONPATH={quoted}; "


def require_device():
    """Raise WorkflowError before the first job if the study's device is missing and a job here needs it."""
    wanted = any(job.rule.name in ("train_model", "attack_model") for job in workflow.dag.needrun_jobs())
    if not wanted or workflow.touch or workflow.non_local_exec:
        return
    command = [sys.executable, "-m", "robust_dml", "check-device", str(STUDY_FILE)]
    check = subprocess.run(command, capture_output=True, text=True)
    if check.returncode:
        raise WorkflowError(check.stderr.strip())


def run_of(wildcards):
    """Return the model that a job's wildcards single out."""
    return Run(wildcards.dataset, wildcards.loss, wildcards.training, int(wildcards.seed))


def digest_of_training(wildcards):
    """Return a digest that changes exactly when a setting or code changes that shapes the model."""
    return digests.training_digest(STUDY, run_of(wildcards))


def digest_of_scores(wildcards):
    """Return a digest that changes exactly when a setting or code changes that shapes the scores."""
    return digests.score_digest(STUDY, run_of(wildcards))


def digest_of_data(wildcards):
    """Return a digest that changes exactly when a setting or code changes that shapes the prepared images."""
    return digests.data_digest(STUDY, dataset_in(wildcards.folder))


def digest_of_packed_data(wildcards):
    """Return a digest that changes exactly when a setting or code changes that shapes the packed images."""
    return digests.data_digest(STUDY, dataset_of_store(wildcards.folder, wildcards.store))


def digest_of_report(wildcards):
    """Return a digest that changes exactly when a setting or code changes that shapes tables, claims or page."""
    return digests.report_digest(STUDY)


def digest_of_figure(wildcards):
    """Return a digest that changes exactly when a setting or code changes that shapes one figure."""
    return digests.figure_digest(STUDY, wildcards.figure)


def digest_of_notebook(wildcards):
    """Return a digest that changes exactly when the code changes that a notebook uses."""
    return code_digest(
        "robust_dml.attacks.optimisers.pgd",
        "robust_dml.attacks.optimisers.fgsm",
        "robust_dml.attacks.optimisers.noise",
        "robust_dml.metrics",
        "robust_dml.retrieval",
    )


def dataset_in(folder):
    """Return the name of the first dataset of the study that is prepared in data_root/folder."""
    folders = {data_folder(name).name: name for name in reversed(STUDY.datasets)}
    return folders[folder]


def dataset_of_store(folder, store):
    """Return the name of the first dataset of the study whose packed images lie in data_root/folder/store."""
    stores = {data_paths.store_folder(c, DATA): name for name, c in reversed(STUDY.datasets.items())}
    return stores[DATA / folder / store]


def data_folder(name):
    """Return the folder in which a dataset of the study is prepared."""
    return data_paths.data_folder(STUDY.datasets[name], STUDY.data_root)


def index_of(wildcards):
    """Return the index of a job's dataset."""
    return data_paths.index_path(STUDY.datasets[wildcards.dataset], STUDY.data_root)


def stores_of(wildcards):
    """Return the packed images of a job's dataset."""
    return data_paths.store_paths(STUDY.datasets[wildcards.dataset], STUDY.data_root)


def archives_of(wildcards):
    """Return the archives that the dataset in a folder is unpacked from; none for generated ones."""
    return data_paths.archive_paths(STUDY.datasets[dataset_in(wildcards.folder)], DATA, STUDY.sources)


def own_folders_of(wildcards):
    """Return the class folders of a user's own images: adding an image to one makes the index again."""
    return data_paths.own_folders(STUDY.datasets[dataset_in(wildcards.folder)])


def decoding_threads(wildcards):
    """Return all cores for photographs, one for generated images, which are few and small."""
    return 1 if STUDY.datasets[dataset_in(wildcards.folder)].record.small else workflow.cores or 4


def prepared_data():
    """Return every packed image of the study."""
    return [p for c in STUDY.datasets.values() for p in data_paths.store_paths(c, STUDY.data_root)]


def recorded_indices():
    """Return the index of each dataset as the study used it."""
    return [RESULTS / "data" / f"{name}.csv" for name in STUDY.datasets]


def model_files(run):
    """Return the outputs of training one model."""
    return [paths.model_folder(STUDY.name, run) / name for name in paths.MODEL_FILES]


def stored_files(run):
    """Return the embeddings of one attacked model."""
    return [paths.attacked_path(STUDY.name, run, digest) for digest in DIGESTS]


def score_files(run):
    """Return the outputs of scoring one attacked model."""
    return [paths.attack_folder(STUDY.name, run) / name for name in SCORE_NAMES]


def attacked_models(wildcards):
    """Return the model under attack, and the models whose images are transferred to it."""
    run = run_of(wildcards)
    sources = sources_of(STUDY, run) | {run}
    return [file for source in sorted(sources) for file in model_files(source)]


def all_models():
    """Return every trained model of the study."""
    return [file for run in runs(STUDY) for file in model_files(run)]


def all_attacks():
    """Return every stored result of the study."""
    return [file for run in runs(STUDY) for file in stored_files(run)]


def all_scores():
    """Return every scored result of the study."""
    return [file for run in runs(STUDY) for file in score_files(run)]


def all_threats():
    """Return the readings of every threat on every model of the study."""
    return [paths.threat_path(STUDY.name, run, name) for run in runs(STUDY) for name in STUDY.threats]


def collected_threats():
    """Return threats.csv, if the study has threats."""
    return [RESULTS / "threats.csv"] if STUDY.threats else []


def digest_of_threat(wildcards):
    """Return a digest that changes exactly when a setting or code changes that shapes the readings of a threat."""
    return digests.threat_digest(STUDY, wildcards.threat)


def attacks_before(wildcards):
    """Return the result that an attack with a job of its own goes on from; a job of all attacks makes it itself."""
    start = ATTACK_OF[wildcards.digest].start if PER_ATTACK else None
    return (
        []
        if start is None
        else [paths.attacked_path(STUDY.name, run_of(wildcards), digests.attack_digest(STUDY, start))]
    )


def attack_alone(wildcards):
    """Return the option by which a job runs one attack; none if it runs all of them."""
    return ["--only", ATTACK_OF[wildcards.digest].label] if PER_ATTACK else []


PACKAGE = seen_from_here(Path(robust_dml.__file__).parent)
CLAIMS = here_or_shipped("config/claims.yaml")
REPORTED = here_or_shipped("config/reported.csv")
STUDY_FILE = study_file()
STUDY = read_study()
RESULTS = paths.results_folder(STUDY.name)
LOGS = Path("logs") / STUDY.name
DATA = STUDY.data_root
MODELS = RESULTS / "models/{dataset}/{loss}/{training}/seed{seed}"
ATTACKS = RESULTS / "attacks/{dataset}/{loss}/{training}/seed{seed}"
ATTACK_OF = attacks_by_digest(STUDY)
DIGESTS = sorted(ATTACK_OF)
PER_ATTACK = STUDY.evaluation.jobs == "attack"
LOG_OF_ATTACK = (
    LOGS / "attack_model/{dataset}/{loss}/{training}" / ("seed{seed}/{digest}" if PER_ATTACK else "seed{seed}")
)
STORED = ATTACKS / "embeddings/{digest}.npz"
SCORE_NAMES = [*(f"{label}.json" for label in result_labels(STUDY)), *paths.SCORE_FILES]

require_plain_names()
shell.prefix(job_prefix())


wildcard_constraints:
    dataset="|".join(STUDY.datasets),
    loss="|".join(STUDY.losses),
    training="|".join(STUDY.trainings),
    seed="[0-9]+",
    store="(crop|squeeze)-[^/]+",
    archive="[^/]+",
    folder="|".join(sorted({data_folder(name).name for name in STUDY.datasets})),
