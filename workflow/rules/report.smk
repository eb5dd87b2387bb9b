"""The report. Needs: metrics.csv and the files of attacks and models. Makes: tables, figures, claims, page, headlines."""

from robust_dml.report.catalogue import (
    figure_files,
    figure_names,
    figure_sources,
    notebook_sources,
    page_sources,
    report_sources,
    table_names,
)
from robust_dml.report.figures import caption
from robust_dml.report.sources import history_files


rule report:
    input:
        collect(RESULTS / "tables/{name}.{format}", name=table_names(STUDY), format=["csv", "tex", "html"]),
        [file for name in figure_names(STUDY) for file in figure_files(STUDY, name)],
        RESULTS / "claims.json",
        RESULTS / "metrics.json",
        RESULTS / "report.html",
        [RESULTS / "card.json"] if any(attack.is_standard for attack in STUDY.attacks.values()) else [],
        collect(RESULTS / "notebooks/{name}.html", name=["results", "attack_a_retrieval_system"]),


rule make_cards:
    input:
        all_scores(),
    output:
        RESULTS / "card.json",
    log:
        LOGS / "make_cards.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        code=code_digest("robust_dml.cards.make"),
    message:
        "Writing the cards of {params.study}"
    shell:
        "python -m robust_dml cards {params.study:q} 2>&1 | tee -i {log:q}"


rule make_tables:
    input:
        metrics=RESULTS / "metrics.csv",
        records=report_sources(STUDY),
        reported=REPORTED,
        threats=collected_threats(),
    output:
        collect(RESULTS / "tables/{name}.{format}", name=table_names(STUDY), format=["csv", "tex"]),
        [
            report(
                RESULTS / f"tables/{name}.html",
                caption="../report/table.rst",
                category="Tables",
                labels={"table": name},
            )
            for name in table_names(STUDY)
        ],
    log:
        LOGS / "make_tables.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        settings=digest_of_report,
    message:
        "Making the tables of {params.study}"
    shell:
        "python -m robust_dml tables {params.study:q} --reported {input.reported:q} 2>&1 | tee -i {log:q}"


rule write_headlines:
    input:
        metrics=RESULTS / "metrics.csv",
        histories=history_files(STUDY),
    output:
        RESULTS / "metrics.json",
        RESULTS / "recall.csv",
        RESULTS / "training.csv",
    log:
        LOGS / "write_headlines.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        settings=digest_of_report,
    message:
        "Headline numbers of {params.study} for `dvc metrics` and `dvc plots`"
    shell:
        "python -m robust_dml headlines {params.study:q} 2>&1 | tee -i {log:q}"


rule plot_figures:
    input:
        results=lambda wildcards: figure_sources(STUDY, wildcards.figure),
    output:
        RESULTS / "figures/{figure}.pdf",
        report(
            RESULTS / "figures/{figure}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        LOGS / "plot_figures/{figure}.log",
    wildcard_constraints:
        figure="|".join(figure_names(STUDY)),
    localrule: True
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        settings=digest_of_figure,
        caption=lambda wildcards: caption(STUDY, wildcards.figure),
    message:
        "Drawing the figure {wildcards.figure} of {params.study}"
    shell:
        "python -m robust_dml figures {params.study:q} --only {wildcards.figure:q} 2>&1 | tee -i {log:q}"


rule check_claims:
    input:
        metrics=RESULTS / "metrics.csv",
        records=report_sources(STUDY),
        claims=CLAIMS,
    output:
        report(RESULTS / "claims.json", caption="../report/claims.rst", category="Claims"),
    log:
        LOGS / "check_claims.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        settings=digest_of_report,
    message:
        "Checking the claims against {params.study}"
    shell:
        "python -m robust_dml claims {params.study:q} --claims {input.claims:q} 2>&1 | tee -i {log:q}"


rule render_page:
    input:
        metrics=RESULTS / "metrics.csv",
        records=report_sources(STUDY),
        examples=page_sources(STUDY),
        figures=collect(RESULTS / "figures/{name}.png", name=figure_names(STUDY)),
        claims=CLAIMS,
        reported=REPORTED,
        templates=sorted((PACKAGE / "report" / "templates").glob("*[!y]")),
    output:
        report(RESULTS / "report.html", caption="../report/page.rst", category="Page"),
    log:
        LOGS / "render_page.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        settings=digest_of_report,
    message:
        "Writing the page of {params.study}"
    shell:
        """
        python -m robust_dml page {params.study:q} --claims {input.claims:q} --reported {input.reported:q} \
            2>&1 | tee -i {log:q}
        """


rule run_notebook:
    input:
        notebook=lambda wildcards: here_or_shipped(f"notebooks/{wildcards.notebook}.ipynb"),
        results=lambda wildcards: notebook_sources(STUDY, wildcards.notebook),
    output:
        report(
            RESULTS / "notebooks/{notebook}.html",
            caption="../report/notebook.rst",
            category="Notebooks",
            labels={"notebook": "{notebook}"},
        ),
    log:
        LOGS / "run_notebook/{notebook}.log",
    wildcard_constraints:
        notebook="results|attack_a_retrieval_system",
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        settings=digest_of_notebook,
    message:
        "Running the notebook {wildcards.notebook} on {params.study}"
    shell:
        """
        python -m robust_dml notebook {params.study:q} --notebook {input.notebook:q} --html {output:q} \
            2>&1 | tee -i {log:q}
        """
