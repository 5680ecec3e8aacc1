# The program in an image without a shell. SQLite is C code, so it is built
# where the C library is that it runs with.
FROM golang:1.26-trixie AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION
RUN make build ${VERSION:+VERSION=$VERSION} && install -d -m 0700 /out/data

FROM gcr.io/distroless/base-debian13:nonroot
COPY --from=build /src/bin/gatecrier /usr/local/bin/gatecrier
COPY --from=build --chown=nonroot:nonroot /out/data /data
ENV GATECRIER_LISTEN=0.0.0.0:8080 GATECRIER_DATA_DIR=/data
USER nonroot
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s CMD ["gatecrier", "health"]
ENTRYPOINT ["gatecrier"]
CMD ["serve"]
