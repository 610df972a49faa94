# Two stages: the first builds, the second holds what a server needs. BASE is any glibc image with Node 20.19 or newer.
#
#   docker build -t pilotlight .
#   docker run --network host -v pilotlight:/data pilotlight        (compose.yaml has more)
ARG BASE=docker.io/library/node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# dist/ of the checkout is not copied (.dockerignore), so nothing old is in it.
RUN node scripts/build.mjs && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${BASE}
# Boot programs; where the archive cannot be reached, put them into firmware/ of the data directory.
ARG IPXE=ipxe
RUN if [ -n "$IPXE" ]; then apt-get -q update && apt-get -qy --no-install-recommends install "$IPXE" && rm -rf /var/lib/apt/lists/*; fi
RUN groupadd --system --gid 4777 pilotlight \
 && useradd --system --uid 4777 --gid 4777 --home-dir /data --no-create-home --shell /usr/sbin/nologin pilotlight \
 && install -d -o pilotlight -g pilotlight /data
WORKDIR /opt/pilotlight
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/dist ./dist
RUN printf '#!/bin/sh\nexec node /opt/pilotlight/dist/main.js "$@"\n' >/usr/local/bin/pilotlight && chmod 0755 /usr/local/bin/pilotlight

# Behind NAT a TFTP answer from another port is dropped: all traffic stays on one.
ENV NODE_ENV=production PILOTLIGHT_DATA_DIR=/data PILOTLIGHT_TFTP_SINGLE_PORT=on
USER 4777:4777
VOLUME /data
EXPOSE 4777/tcp 69/udp
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4777/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/usr/local/bin/pilotlight"]
CMD ["serve"]
