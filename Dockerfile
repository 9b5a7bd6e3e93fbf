# Compiled in one stage, run in another that holds only what runs. The version of Node is the one that the tests run on.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npx --no-install tsc -p tsconfig.build.json && node scripts/copy-assets.ts && npm prune --omit=dev --ignore-scripts

FROM node:24.21.0-bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="heartbeatd" \
      org.opencontainers.image.description="One server for the heartbeat protocols of SLS, PBX and Presence, over one lease store" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
# Listens beyond loopback, so the operator API is closed until OPERATOR_TOKEN (or OPERATOR_OPEN=true) is set.
# By itself Node.js takes four times as much for short-lived objects on a large machine, for no less CPU time (docs/operating.md).
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 NODE_OPTIONS=--max-semi-space-size=16
WORKDIR /app
COPY --from=build --chown=root:root /app/package.json ./
COPY --from=build --chown=root:root /app/node_modules node_modules
COPY --from=build --chown=root:root /app/dist dist
# Owned by the user, so that a volume mounted there is too.
RUN mkdir /data && chown node:node /data
# By number, so that a host or a cluster can tell that it is not root.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "dist/bin.cjs", "--healthcheck"]
# The process itself is the first one, so signals reach it. Flags follow the name of the image: docker run heartbeatd --data /data/store.db
ENTRYPOINT ["node", "dist/bin.cjs"]
