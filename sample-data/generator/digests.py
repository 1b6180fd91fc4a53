"""A short chain of CloudTrail digests over the written trail files.

Hashes and links are right; the signatures are random digits, so nothing here can be verified.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from .scenario import iso, seconds
from .workloads import CHAT_ACCOUNT

BUCKET = "example-trail-logs"
REGION = "us-east-1"
FIRST_HOUR_ENDS = "2026-11-04T12:35:00Z"
HOURS = 3


@dataclass
class LogFile:
    """A written trail file and its uncompressed content."""

    account: str
    region: str
    key: str
    content: bytes
    oldest: int
    newest: int

    @property
    def delivered(self) -> str:
        return self.key.rsplit("_", 2)[1]


def chain(rng: Random, logs: list[LogFile]) -> Iterator[tuple[str, bytes]]:
    """Key and content of each digest, oldest first; the first one starts the chain."""
    previous: dict | None = None
    for hour in range(HOURS):
        end = seconds(FIRST_HOUR_ENDS) + hour * 3600
        key = _key(end)
        listed = [log for log in logs if _delivered_in(log, end - 3600, end)]
        document = {
            "awsAccountId": CHAT_ACCOUNT, "digestStartTime": iso(end - 3600), "digestEndTime": iso(end),
            "digestS3Bucket": BUCKET, "digestS3Object": key,
            "digestPublicKeyFingerprint": "00112233445566778899aabbccddeeff",
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": iso(max(log.newest for log in listed)) if listed else None,
            "oldestEventTime": iso(min(log.oldest for log in listed)) if listed else None,
            "previousDigestS3Bucket": BUCKET if previous else None,
            "previousDigestS3Object": previous["key"] if previous else None,
            "previousDigestHashValue": previous["hash"] if previous else None,
            "previousDigestHashAlgorithm": "SHA-256" if previous else None,
            "previousDigestSignature": f"{rng.getrandbits(2048):0512x}" if previous else None,
            "logFiles": [_entry(log) for log in listed],
        }
        content = json.dumps(document, separators=(",", ":")).encode()
        previous = {"key": key, "hash": hashlib.sha256(content).hexdigest()}
        yield key, content


def _key(end: int) -> str:
    stamp = iso(end).replace("-", "").replace(":", "")
    return (f"AWSLogs/{CHAT_ACCOUNT}/CloudTrail-Digest/{REGION}/{iso(end)[:10].replace('-', '/')}/"
            f"{CHAT_ACCOUNT}_CloudTrail-Digest_{REGION}_example-trail_{REGION}_{stamp}.json.gz")


def _delivered_in(log: LogFile, begin: int, end: int) -> bool:
    stamps = [iso(time).replace("-", "").replace(":", "")[:13] for time in (begin, end)]
    return ((log.account, log.region) == (CHAT_ACCOUNT, REGION)
            and stamps[0] <= log.delivered.removesuffix("Z") < stamps[1])


def _entry(log: LogFile) -> dict:
    return {"s3Bucket": BUCKET, "s3Object": log.key, "hashValue": hashlib.sha256(log.content).hexdigest(),
            "hashAlgorithm": "SHA-256", "newestEventTime": iso(log.newest), "oldestEventTime": iso(log.oldest)}
