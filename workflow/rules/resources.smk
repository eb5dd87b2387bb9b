"""What a job requests from a cluster, and the cores that it takes."""


def gpus(wildcards):
    """Return the GPUs that a training or an attack needs."""
    return 0 if STUDY.device == "cpu" else 1


def training_minutes(wildcards):
    """Return the minutes that a training requests from a cluster."""
    return cost.job_minutes(STUDY, run_of(wildcards), "train")


def attack_minutes(wildcards):
    """Return the minutes that the attacks on one model request from a cluster."""
    return cost.job_minutes(STUDY, run_of(wildcards), "attack")


def training_memory(wildcards):
    """Return the memory that a training requests from a cluster, in MB."""
    return cost.job_memory_mb(STUDY, run_of(wildcards), "train")


def attack_memory(wildcards):
    """Return the memory that the attacks on one model request from a cluster, in MB."""
    return cost.job_memory_mb(STUDY, run_of(wildcards), "attack")


def training_threads(wildcards):
    """Return one core for small networks, which run side by side, and all cores for large ones."""
    return 1 if backbone_of(STUDY, run_of(wildcards))[1].record.small else workflow.cores or 4
