# Acousma: the endpoint, the command line and the ingest worker in one image.
#   docker build -t acousma .
# For NVIDIA GPUs: docker build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu128 -t acousma:gpu .
FROM python:3.11-slim-bookworm

ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1

RUN useradd --create-home --uid 1000 acousma
WORKDIR /opt/acousma

COPY constraints.txt .
RUN pip install --constraint constraints.txt --index-url "$TORCH_INDEX" torch

COPY pyproject.toml README.md LICENSE ./
COPY ontology ontology
COPY store store
COPY queries queries
COPY ingest ingest
COPY export export
COPY truth truth
COPY api api
RUN pip install --constraint constraints.txt '.[server]'
COPY demo /srv/demo

RUN mkdir -p /srv/archive && chown acousma /srv/archive
USER acousma
WORKDIR /srv
ENV ACOUSMA_STORE=/srv/archive ACOUSMA_HOST=0.0.0.0 ACOUSMA_PORT=8000
EXPOSE 8000
ENTRYPOINT ["acousma"]
CMD ["serve"]
