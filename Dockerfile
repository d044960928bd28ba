# The base image has no GPL part: `--build-arg EXTRAS=local` adds espeak-ng (GPL-3.0), whose terms then hold for the image.
FROM python:3.13-slim AS build
ARG EXTRAS=""
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY dsp dsp
COPY providers providers
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir ".${EXTRAS:+[$EXTRAS]}"

FROM python:3.13-slim
# PYTHONUNBUFFERED: the announcement and the log lines appear at once.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PROVIDERS_HOST=0.0.0.0 PROVIDERS_RUNTIME_DIR=/tmp/vapi-providers
COPY --from=build /opt/venv /opt/venv
RUN useradd --create-home --uid 10001 providers
USER providers
WORKDIR /home/providers
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["vapi-providers"]
CMD ["serve"]
