# Recipes for people; .ci/run calls the same commands on a machine without `just`.

set shell := ["bash", "-euo", "pipefail", "-c"]

# List the recipes
default:
    @just --list

# Format the code
fmt:
    cargo fmt

# All lints, warnings denied
lint:
    cargo clippy --release --all-targets --locked -- -D warnings

# The whole suite
test:
    cargo test --release --locked

# The tests beside the code, with other cases than the suite's where they are generated, and more of them
laws CASES="5000":
    PROPTEST_RNG_SEED="$RANDOM" PROPTEST_CASES={{ CASES }} cargo test --release --locked --lib

# The documentation of the code, opened in a browser
doc:
    cargo doc --release --no-deps --open

# Everything CI checks
ci:
    .ci/run

# Write the sample data and its truth anew
sample-data:
    python3 sample-data/generate.py

# A report from the sample data
report:
    cargo run --release -- report weekly --source sample-data

# Account for every record of a folder of real logs: rows, duplicates, rejects by reason
account FOLDER:
    #!/usr/bin/env bash
    set -euo pipefail
    store="$(mktemp -d)"
    trap 'rm -rf "$store"' EXIT
    cargo build --release --quiet
    lens="${CARGO_TARGET_DIR:-target}/release/bedrock-lens"
    "$lens" --store "$store/store" ingest "{{ FOLDER }}" || [ $? -eq 3 ]
    "$lens" --store "$store/store" store info
    echo
    "$lens" --store "$store/store" query --sql \
        "select reason, count(*) as records, min(object) as first_object from rejects group by reason order by reason"

# A generated week of 300,000 records with its truth, for trying things at size
week OUT="target/week":
    python3 sample-data/generate.py --profile week --records 300000 --out "{{ OUT }}" --truth "{{ OUT }}.truth.json"

# Time and memory of answers from three million requests
bench-answers WORK="target/answers":
    cargo build --release
    python3 benches/answers.py --lens "${CARGO_TARGET_DIR:-target}/release/bedrock-lens" --work "{{ WORK }}"
