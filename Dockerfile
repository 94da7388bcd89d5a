# syntax=docker/dockerfile:1

# The base images are named by tag. To pin the bytes, add the digest that
# `docker buildx imagetools inspect IMAGE` prints: rust:1.95-slim-bookworm@sha256:…
FROM rust:1.95-slim-bookworm AS build
# It says which functions a start calls, so that they are put together.
RUN apt-get update && apt-get install --yes --no-install-recommends valgrind
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo xtask dist && cp target/dist/taskrunner /usr/local/bin/

# Nothing but the program: no C library, no shell, no package manager, no root.
FROM gcr.io/distroless/static-debian12:nonroot
LABEL org.opencontainers.image.title="taskrunner" \
      org.opencontainers.image.description="Runs commands that are sandboxed WebAssembly plugins" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /usr/local/bin/taskrunner /usr/local/bin/taskrunner
# docker run --rm -v "$PWD:/workspace" --user "$(id -u):$(id -g)" taskrunner clean --dry-run
WORKDIR /workspace
ENTRYPOINT ["taskrunner"]
