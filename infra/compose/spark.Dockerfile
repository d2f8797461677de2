# popbase with its Spark: what the master, the workers and every driver run. No Airflow.
# docker build -f infra/compose/spark.Dockerfile -t popbase-spark .
FROM python:3.11-slim-bookworm

# Spark's own scripts want ps; the package's default is a full JDK, a server needs none of its desktop.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-17-jre-headless make procps \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/popbase
# The locks first: the layers with the downloads are built anew only when a lock moves.
COPY Makefile pyproject.toml requirements.lock README.md ./
COPY infra ./infra
RUN make .venv/.packages
COPY jobs ./jobs
COPY schemas ./schemas
COPY expectations ./expectations
RUN make setup && useradd --create-home popbase

USER popbase
ENV PATH=/opt/popbase/.venv/bin:$PATH
