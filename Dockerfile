# Compiled in one stage, run in another that holds only what runs.
FROM node:24.11-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npx --no-install tsc -p tsconfig.build.json && node scripts/copy-lua.ts && npm prune --omit=dev --ignore-scripts

FROM node:24.11-bookworm-slim
# Listens beyond loopback, so the operator API is closed until OPERATOR_TOKEN (or OPERATOR_OPEN=true) is set.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /app
COPY --from=build --chown=root:root /app/package.json ./
COPY --from=build --chown=root:root /app/node_modules node_modules
COPY --from=build --chown=root:root /app/dist dist
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The process itself is the first one, so signals reach it.
CMD ["node", "dist/main.js"]
