"""Attack results. Needs: models and packed images. Makes: results/<study>/attacks/, metrics.csv, metrics.json."""


rule attack_model:
    input:
        models=attacked_models,
        index=index_of,
        store=stores_of,
        code=code("data", "models", "attacks", "retrieval", "metrics", "evaluation"),
    output:
        collect(
            RESULTS / "attacks/{{dataset}}/{{loss}}/{{training}}/seed{{seed}}/{name}",
            name=[f"{name}.json" for name in STUDY.attack_names()] + ["checks.json", "examples.npz", "run.json"],
        ),
    log:
        LOGS / "attack_model/{dataset}/{loss}/{training}/seed{seed}.log",
    benchmark:
        LOGS / "attack_model/{dataset}/{loss}/{training}/seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: training_threads
    resources:
        gpu=gpus,
        mem_mb=attack_memory,
        runtime=attack_minutes,
    params:
        study=STUDY_FILE,
        settings=attack_digest,
    message:
        "Attacking {wildcards.training} on {wildcards.dataset}, {wildcards.loss} loss, seed {wildcards.seed}"
    shell:
        """
        python -m robust_dml attack {params.study:q} --dataset {wildcards.dataset:q} --loss {wildcards.loss:q} \
            --training {wildcards.training:q} --seed {wildcards.seed:q} --settings {params.settings:q} \
            2>&1 | tee -i {log:q}
        """


rule collect_metrics:
    input:
        results=all_attacks(),
        code=code("evaluation"),
    output:
        RESULTS / "metrics.csv",
    log:
        LOGS / "collect_metrics.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
    message:
        "Collecting metrics of {params.study}"
    shell:
        "python -m robust_dml collect {params.study:q} 2>&1 | tee -i {log:q}"


rule nest_metrics:
    input:
        script=SCRIPTS / "nest_metrics.py",
        metrics=RESULTS / "metrics.csv",
    output:
        RESULTS / "metrics.json",
    log:
        LOGS / "nest_metrics.log",
    localrule: True
    conda:
        ENVIRONMENT
    message:
        "Recall@1 of {input.metrics} for `dvc metrics`"
    shell:
        "python {input.script:q} {input.metrics:q} {output:q} 2>&1 | tee -i {log:q}"
