"""What a reader sees. Needs: metrics.csv and the files of attacks and models. Makes: tables, figures, claims, page."""


rule report:
    input:
        RESULTS / "metrics.csv",
