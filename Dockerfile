# Two targets: `base` (the default) has no GPL part; `local` adds the embedded engines, and with espeak-ng GPL-3.0 terms
# for that image. What is installed has versions and hashes of its own: deploy/constraints, written by deploy/lock.py.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
# The compiler builds the signal kernels; its version does not reach the image.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY deploy/constraints/build.txt /constraints/
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r /constraints/build.txt \
 && python -m venv --without-pip /opt/venv

# Dependencies come before the sources, so that a change of the sources leaves their layers as they are.
FROM build AS packages
COPY deploy/constraints/base.txt /constraints/
RUN /opt/build/bin/pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes -r /constraints/base.txt

FROM packages AS packages-local
COPY deploy/constraints/local.txt /constraints/
RUN /opt/build/bin/pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes -r /constraints/local.txt

FROM build AS application
COPY pyproject.toml setup.py* README.md LICENSE ./
COPY dsp dsp
COPY providers providers
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/build/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-index --no-deps --root /application \
    /wheels/*.whl

FROM ${BASE} AS runtime
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="vapi-providers" \
      org.opencontainers.image.description="Custom voice, custom transcriber and custom endpointing for Vapi" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# PYTHONUNBUFFERED: the announcement and the log lines appear at once. Nothing but /tmp is written to: the root file
# system can be read-only.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PROVIDERS_HOST=0.0.0.0 \
    PROVIDERS_RUNTIME_DIR=/tmp/vapi-providers
RUN groupadd --gid 10001 providers \
 && useradd --uid 10001 --gid 10001 --create-home providers
USER 10001:10001
WORKDIR /home/providers
EXPOSE 8080
STOPSIGNAL SIGTERM
# Follows the port and the TLS of the running server.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["vapi-providers", "health"]
ENTRYPOINT ["vapi-providers"]
CMD ["serve"]

FROM runtime AS local
LABEL org.opencontainers.image.licenses="MIT AND GPL-3.0-or-later"
COPY --from=packages-local /opt/venv /opt/venv
COPY --from=application /application/opt/venv /opt/venv

FROM runtime AS base
COPY --from=packages /opt/venv /opt/venv
COPY --from=application /application/opt/venv /opt/venv
