# The locked environment without the code: mount a checkout at /study (docs/environments.md).
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory /study

WORKDIR /opt/robust-dml
COPY requirements.lock .
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --quiet --no-cache-dir uv \
    && .venv/bin/uv pip sync --quiet --require-hashes --no-cache --compile-bytecode --python .venv/bin/python requirements.lock

ENV PATH=/opt/robust-dml/.venv/bin:$PATH PYTHONPATH=/study/src
WORKDIR /study
CMD ["python", "-m", "robust_dml", "--help"]
