# Airflow and the DAG files. Its own environment has no pyspark: what spark-submit starts comes as a whole from the other
# image, in a folder of its own, so that no package of the one is ever loaded by the other.
# docker build -f infra/compose/airflow.Dockerfile -t popbase-airflow .
FROM popbase-spark AS popbase

FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-17-jre-headless procps \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home popbase \
    && install --directory --owner popbase /home/popbase/airflow

COPY infra/airflow/requirements.lock /tmp/requirements.lock
RUN python -m venv /opt/airflow \
    && /opt/airflow/bin/python -m pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock

COPY --from=popbase /opt/popbase /opt/popbase
COPY infra/airflow/pools.json /opt/popbase/infra/airflow/pools.json
COPY dags /opt/popbase/dags

USER popbase
WORKDIR /opt/popbase
ENV PATH=/opt/airflow/bin:/opt/popbase/.venv/bin:$PATH
