# `just` lists what there is to do.

[private]
default:
    @just --list --unsorted

# All that CI runs
check:
    .ci/run

# Every test but the real builds: `just test`, `just test --test golden go/`
test *args:
    cargo test --locked {{ args }}

# Build and run the images of examples/: `just build-tests`, `just build-tests go-api`
build-tests *args:
    BUILD_TESTS=1 cargo test --locked --test build -- {{ args }}

# Write what the golden tests got into tests/fixtures/, to be read as a diff
bless *args:
    BLESS=1 cargo test --locked --test golden -- {{ args }}
    git --no-pager diff --stat -- tests/fixtures

# Scan and plan a large monorepo, and say how long it took
bench:
    cargo bench --locked --bench monorepo

# Format, and take the fixes that clippy is sure of
fmt:
    cargo fmt
    cargo clippy --all-targets --locked --fix --allow-dirty --allow-staged
