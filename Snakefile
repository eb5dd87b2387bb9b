# The whole study: data, models, attacks, report. Without --configfile it is the paper's (config/paper.yaml).
#
#   snakemake --configfile config/demo.yaml --cores all              in an environment of your own
#   snakemake --configfile config/demo.yaml --cores all --use-conda  in the environment of environment.yml
from snakemake.utils import min_version

min_version("9.27")


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/attack.smk"
include: "workflow/rules/threats.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        recorded_indices(),
        all_models(),
        all_attacks(),
        all_scores(),
        RESULTS / "metrics.json",
        collected_threats(),
        rules.report.input,


rule data:
    input:
        prepared_data(),
        recorded_indices(),


rule models:
    input:
        all_models(),


rule attacks:
    input:
        all_attacks(),
        all_scores(),
        RESULTS / "metrics.csv",
        RESULTS / "metrics.json",
        collected_threats(),


onstart:
    require_device()
