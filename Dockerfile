# One image for every service; the command is the reelstream command.
FROM node:20.19.5-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
# The embedded engine stays behind (half a gigabyte): here ClickHouse is a server of its own
RUN npm run build && npm prune --omit=dev --no-audit --no-fund && rm -rf node_modules/@chdb

FROM node:20.19.5-bookworm-slim
ENV NODE_ENV=production
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates fonts-dejavu-core \
 && rm -rf /var/lib/apt/lists/*
# Where the producer keeps its position. A volume takes its owner from here; /app itself stays root's, nothing writes there
ENV REELSTREAM_HOME=/var/lib/reelstream
RUN mkdir $REELSTREAM_HOME && chown node:node $REELSTREAM_HOME
WORKDIR /app
COPY --from=build /app ./
USER node
ENTRYPOINT ["node", "cli/reelstream.mjs"]
CMD ["--help"]
