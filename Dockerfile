# A small image of Loggia: the program, its manual, and the certificate authorities it trusts.
#
#   docker build -t loggia .
#   docker run --read-only --tmpfs /tmp -p 8080:8080 -v ./loggia.toml:/etc/loggia/loggia.toml:ro loggia
#
# In loggia.toml, `[server] listen` is `0.0.0.0:8080`; the manual's chapter on running Loggia has the rest. The program runs as a user without
# a name or a home. It writes to its storage, which is a bucket or a volume, and to /tmp, through which uploads pass.

FROM rust:1-bookworm AS build
WORKDIR /loggia
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /loggia/target/release/loggia /usr/local/bin/loggia
COPY --from=build /loggia/content /srv/loggia/content
WORKDIR /srv/loggia
USER 10001:10001
EXPOSE 8080 9180
# Asks the listener that is kept for this, which is on loopback unless `[server] ops_listen` moves it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/9180 && printf 'GET /readyz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["loggia"]
CMD ["serve", "--config", "/etc/loggia/loggia.toml"]
