"""Attacks in three steps. Needs: models and packed images. Makes: results/<study>/attacks/, metrics.csv.

attack_model runs the network and stores embeddings, each named by the digest of the attack's settings and code, so that
a result which still fits is kept whatever else changes; score_model reads them and writes metrics; the last collects.
"""


rule attack_model:
    input:
        models=attacked_models,
        index=index_of,
        store=stores_of,
        before=attacks_before,
    output:
        update(STORED if PER_ATTACK else collect(STORED, digest=DIGESTS, allow_missing=True)),
    log:
        f"{LOG_OF_ATTACK}.log",
    benchmark:
        f"{LOG_OF_ATTACK}.tsv"
    # Attacks of encoders, the longest jobs of all, are ready first: begun last, they would end alone.
    priority: 1
    conda:
        ENVIRONMENT
    threads: training_threads
    resources:
        gpu=gpus,
        mem_mb=attack_memory,
        runtime=attack_minutes,
    params:
        study=STUDY_FILE,
        alone=attack_alone,
        gallery=lambda wildcards: STUDY.datasets[wildcards.dataset].gallery,
        split=lambda wildcards: STUDY.datasets[wildcards.dataset].split,
    message:
        "Attacking {wildcards.training} on {wildcards.dataset}, {wildcards.loss} loss, seed {wildcards.seed}"
    shell:
        """
        python -m robust_dml attack {params.study:q} --dataset {wildcards.dataset:q} --loss {wildcards.loss:q} \
            --training {wildcards.training:q} --seed {wildcards.seed:q} {params.alone:q} 2>&1 | tee -i {log:q}
        """


rule score_model:
    input:
        model=ancient(MODELS / "model.safetensors"),
        attacked=collect(STORED, digest=DIGESTS, allow_missing=True),
        index=index_of,
        store=stores_of,
    output:
        collect(ATTACKS / "{name}", name=SCORE_NAMES, allow_missing=True),
    log:
        LOGS / "score_model/{dataset}/{loss}/{training}/seed{seed}.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=attack_memory,
    params:
        study=STUDY_FILE,
        settings=digest_of_scores,
    message:
        "Scoring {wildcards.training} on {wildcards.dataset}, {wildcards.loss} loss, seed {wildcards.seed}"
    shell:
        """
        python -m robust_dml score {params.study:q} --dataset {wildcards.dataset:q} --loss {wildcards.loss:q} \
            --training {wildcards.training:q} --seed {wildcards.seed:q} --settings {params.settings:q} \
            2>&1 | tee -i {log:q}
        """


rule collect_metrics:
    input:
        results=all_scores(),
    output:
        RESULTS / "metrics.csv",
        RESULTS / "metrics.csv.sha256",
    log:
        LOGS / "collect_metrics.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        code=code_digest("robust_dml.evaluation.collect"),
    message:
        "Collecting metrics of {params.study}"
    shell:
        "python -m robust_dml collect {params.study:q} 2>&1 | tee -i {log:q}"
