"""Threats beside the attacks on queries. Needs: models and packed images. Makes: results/<study>/threats/, threats.csv."""


rule measure_threat:
    input:
        model=MODELS / "model.safetensors",
        record=MODELS / "run.json",
        index=index_of,
        store=stores_of,
    output:
        RESULTS / "threats/{dataset}/{loss}/{training}/seed{seed}/{threat}.json",
    log:
        LOGS / "measure_threat/{dataset}/{loss}/{training}/seed{seed}/{threat}.log",
    wildcard_constraints:
        threat="|".join(STUDY.threats) or "none",
    conda:
        ENVIRONMENT
    threads: training_threads
    resources:
        gpu=gpus,
        mem_mb=attack_memory,
    params:
        study=STUDY_FILE,
        settings=digest_of_threat,
    message:
        "Measuring {wildcards.threat} on {wildcards.training}, {wildcards.dataset}, {wildcards.loss} loss, seed {wildcards.seed}"
    shell:
        """
        python -m robust_dml threat {params.study:q} --dataset {wildcards.dataset:q} --loss {wildcards.loss:q} \
            --training {wildcards.training:q} --seed {wildcards.seed:q} --threat {wildcards.threat:q} \
            --settings {params.settings:q} 2>&1 | tee -i {log:q}
        """


rule collect_threats:
    input:
        results=all_threats(),
        metrics=RESULTS / "metrics.csv",
    output:
        RESULTS / "threats.csv",
        RESULTS / "threats.csv.sha256",
    log:
        LOGS / "collect_threats.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        code=code_digest("robust_dml.evaluation.collect_threats"),
    message:
        "Collecting the threats of {params.study}"
    shell:
        "python -m robust_dml collect {params.study:q} --threats 2>&1 | tee -i {log:q}"
