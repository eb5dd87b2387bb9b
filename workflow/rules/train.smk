"""Models. Needs: the packed images of a dataset. Makes: results/<study>/models/."""


rule train_model:
    input:
        index=index_of,
        store=stores_of,
        code=code(
            "data",
            "models",
            "losses",
            "miners",
            "attacks",
            "retrieval",
            "metrics",
            "training",
        ),
    output:
        model=RESULTS / "models/{dataset}/{loss}/{training}/seed{seed}/model.safetensors",
        history=RESULTS / "models/{dataset}/{loss}/{training}/seed{seed}/history.csv",
        run=RESULTS / "models/{dataset}/{loss}/{training}/seed{seed}/run.json",
    log:
        LOGS / "train_model/{dataset}/{loss}/{training}/seed{seed}.log",
    benchmark:
        LOGS / "train_model/{dataset}/{loss}/{training}/seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: training_threads
    resources:
        gpu=gpus,
        mem_mb=training_memory,
        runtime=training_minutes,
    params:
        study=STUDY_FILE,
        settings=training_digest,
    message:
        "Training {wildcards.training} on {wildcards.dataset}, {wildcards.loss} loss, seed {wildcards.seed}"
    shell:
        """
        python -m robust_dml train {params.study:q} --dataset {wildcards.dataset:q} --loss {wildcards.loss:q} \
            --training {wildcards.training:q} --seed {wildcards.seed:q} --settings {params.settings:q} \
            2>&1 | tee -i {log:q}
        """
