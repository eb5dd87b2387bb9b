"""Images. Needs: archives (downloaded once) or nothing. Makes: an index and packed images in the data folder, and
results/<study>/data/, the indices as they were used."""


rule download_archive:
    output:
        DATA / "archives" / "{archive}",
    log:
        LOGS / "download_archive/{archive}.log",
    retries: 2
    localrule: True
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
    message:
        "Downloading {wildcards.archive}"
    shell:
        "python -m robust_dml download {params.study:q} --archive {wildcards.archive:q} 2>&1 | tee -i {log:q}"


rule build_index:
    input:
        archives=archives_of,
        own=own_folders_of,
    output:
        DATA / "{folder}" / "index.csv",
    log:
        LOGS / "build_index/{folder}.log",
    conda:
        ENVIRONMENT
    threads: decoding_threads
    params:
        study=STUDY_FILE,
        dataset=lambda wildcards: dataset_in(wildcards.folder),
        settings=digest_of_data,
    message:
        "Indexing {wildcards.folder}"
    shell:
        """
        python -m robust_dml index {params.study:q} --dataset {params.dataset:q} --settings {params.settings:q} \
            --workers {threads} 2>&1 | tee -i {log:q}
        """


rule build_store:
    input:
        index=DATA / "{folder}" / "index.csv",
    output:
        record=DATA / "{folder}" / "{store}" / "store.json",
        test=DATA / "{folder}" / "{store}" / "test.uint8",
        train=DATA / "{folder}" / "{store}" / "train.uint8",
    log:
        LOGS / "build_store/{folder}/{store}.log",
    conda:
        ENVIRONMENT
    threads: decoding_threads
    params:
        study=STUDY_FILE,
        dataset=lambda wildcards: dataset_of_store(wildcards.folder, wildcards.store),
        settings=digest_of_packed_data,
    message:
        "Packing {wildcards.folder}/{wildcards.store}"
    shell:
        """
        python -m robust_dml store {params.study:q} --dataset {params.dataset:q} --settings {params.settings:q} \
            --workers {threads} 2>&1 | tee -i {log:q}
        """


rule record_index:
    input:
        index_of,
    output:
        RESULTS / "data" / "{dataset}.csv",
    log:
        LOGS / "record_index/{dataset}.log",
    localrule: True
    conda:
        ENVIRONMENT
    message:
        "Recording the images of {wildcards.dataset}"
    shell:
        "cp {input:q} {output:q} 2> {log:q}"
