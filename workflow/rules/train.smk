"""Models. Needs: the packed images of a dataset. Makes: results/<study>/models/."""


rule train_model:
    input:
        index=index_of,
        store=stores_of,
    output:
        model=MODELS / "model.safetensors",
        history=MODELS / "history.csv",
        run=MODELS / "run.json",
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
        settings=digest_of_training,
    message:
        "Training {wildcards.training} on {wildcards.dataset}, {wildcards.loss} loss, seed {wildcards.seed}"
    shell:
        """
        python -m robust_dml train {params.study:q} --dataset {wildcards.dataset:q} --loss {wildcards.loss:q} \
            --training {wildcards.training:q} --seed {wildcards.seed:q} --settings {params.settings:q} \
            2>&1 | tee -i {log:q}
        """
