# The images of docker-compose.yml:
#   controller   the controller, a client of the tmux server in `agents`; no agent inside
#   agents       the tmux server, the agents' programs, and what ends the processes of dead sessions
#   mock-claude  a mock of the vendors' APIs
#   test, dev    ./run_tests.sh, and a shell with all that a developer needs
# All have one base: so both sides of the tmux socket have the same tmux, and the same Python.
ARG PYTHON_IMAGE=python:3.13-slim-trixie

# The project in /app, in an environment of its own: what it needs first, for that rarely changes.
FROM ${PYTHON_IMAGE} AS project
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1
RUN pip install --no-cache-dir --root-user-action=ignore uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
COPY README.md LICENSE ./
COPY schemas schemas
COPY mock_claude mock_claude
COPY controller controller
# Our own sources are compiled too: on a read-only file system they would be so at every start. They
# never change in here, so that nobody needs to compare. And a checkout may be its owner's alone.
RUN uv sync --frozen --no-dev \
    && .venv/bin/python -m compileall -q --invalidation-mode unchecked-hash controller mock_claude \
    && chmod -R a+rX /app

FROM ${PYTHON_IMAGE} AS controller
ENV PATH=/app/.venv/bin:$PATH HOME=/home/sidekick LANG=C.UTF-8
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini tmux \
    && rm -rf /var/lib/apt/lists/*
# Not before they are used: all below is built anew for other ids.
ARG UID=1000
ARG GID=1000
# Named volumes take their owner from these folders.
RUN groupadd -o -g "$GID" sidekick \
    && useradd -l -o -m -u "$UID" -g "$GID" -s /bin/bash sidekick \
    && install -d -m 700 -o "$UID" -g "$GID" /run/sidekick /data /data/state /data/logs /data/runs \
       /data/workspaces /data/homes
COPY --from=project /app /app
WORKDIR /app
USER ${UID}:${GID}
EXPOSE 9600
HEALTHCHECK --interval=5s --timeout=10s --start-period=20s --retries=5 \
    CMD ["sidekick", "status", "--quiet"]
ENTRYPOINT ["tini", "--"]
CMD ["sidekick", "run", "--plain"]

FROM ${PYTHON_IMAGE} AS mock-claude
ENV PATH=/app/.venv/bin:$PATH
COPY --from=project /app /app
WORKDIR /app
USER 65534:65534
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s --retries=5 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=3)"]
CMD ["mock-claude", "--host", "0.0.0.0", "--port", "8080"]

# The agents' programs in /opt/agents, each of a pinned version. aider is not among them: it needs
# a Python older than Debian's.
FROM ${PYTHON_IMAGE} AS programs
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl nodejs \
    && rm -rf /var/lib/apt/lists/*
# As a package of Debian's npm would be 350 packages, which take minutes.
ARG NPM_VERSION=10.9.4
ARG NPM_SHA256=4bfba8a0c823024d1926ec9d97a37a00eb60fd2adf44b3d34a686fc32e8f51e4
RUN curl -fsSL --retry 3 --max-time 120 -o /tmp/npm.tgz \
       "https://registry.npmjs.org/npm/-/npm-${NPM_VERSION}.tgz" \
    && echo "${NPM_SHA256}  /tmp/npm.tgz" >/tmp/npm.sha256 \
    && sha256sum -c /tmp/npm.sha256 \
    && mkdir /opt/npm \
    && tar -xzf /tmp/npm.tgz -C /opt/npm --strip-components=1 --no-same-owner \
    && ln -s /opt/npm/bin/npm-cli.js /usr/local/bin/npm \
    && rm /tmp/npm.tgz /tmp/npm.sha256
COPY deploy/install_agents.sh deploy/prepare.sh /app/deploy/
RUN /app/deploy/install_agents.sh -p /opt/agents claude codex gemini qwen opencode \
    && rm -rf /root/.npm

FROM ${PYTHON_IMAGE} AS agents
ENV PATH=/opt/agents/bin:$PATH HOME=/home/agent LANG=C.UTF-8
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
       ca-certificates curl git less nodejs openssh-client procps ripgrep tini tmux \
    && rm -rf /var/lib/apt/lists/*
COPY --from=programs /opt/agents /opt/agents
ARG UID=1000
ARG GID=1000
RUN groupadd -o -g "$GID" agent \
    && useradd -l -o -m -u "$UID" -g "$GID" -s /bin/bash agent \
    && install -d -m 700 -o "$UID" -g "$GID" /run/sidekick /data /data/runs /data/workspaces \
       /data/homes
COPY --from=project /app /app
WORKDIR /data/workspaces
USER ${UID}:${GID}
HEALTHCHECK --interval=5s --timeout=10s --start-period=10s --retries=5 \
    CMD ["/app/.venv/bin/python", "-m", "controller.host", "--check"]
ENTRYPOINT ["tini", "--"]
CMD ["/app/.venv/bin/python", "-m", "controller.host"]

# What tests and developers need; the sources come last in both.
FROM ${PYTHON_IMAGE} AS tools
ENV HOME=/home/dev LANG=C.UTF-8 UV_LINK_MODE=copy
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git procps tmux \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --root-user-action=ignore uv==0.13.9
ARG UID=1000
ARG GID=1000
RUN groupadd -o -g "$GID" dev \
    && useradd -l -o -m -u "$UID" -g "$GID" -s /bin/bash dev \
    && install -d -o "$UID" -g "$GID" /src
WORKDIR /src
USER ${UID}:${GID}
COPY --chown=dev:dev pyproject.toml uv.lock ./
RUN uv sync --no-cache --frozen --no-install-project

FROM tools AS test
COPY --chown=dev:dev . .
RUN bash -c '. deploy/prepare.sh && prepare test'
CMD ["./run_tests.sh"]

FROM tools AS dev
ARG UID=1000
ARG GID=1000
USER 0:0
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
       curl htop less nano nodejs openssh-client ripgrep strace vim-tiny \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --root-user-action=ignore py-spy==0.4.3 pyinstrument==5.1.3 \
    && install -d -o dev -g dev /home/dev/.history
COPY --from=programs /opt/agents /opt/agents
ENV PATH=/src/.venv/bin:/opt/agents/bin:$PATH HISTFILE=/home/dev/.history/bash
USER ${UID}:${GID}
COPY --chown=dev:dev . .
RUN bash -c '. deploy/prepare.sh && prepare test'
CMD ["bash"]
