"""Writes a small bucket of CloudTrail log files with a signed chain of digests, and what belongs to it.

    python3 tests/integrity/generate.py      # rewrites bucket/, keys.json and metadata.json

The keys are made here from a fixed seed and sign nothing else. Standard library only: RSA as in
RFC 8017, so that the signatures are computed apart from the code under test.

Trail `lab`, account 111122223333, us-east-1, 2026-03-02 (UTC):
  chain 1, key 1: 10:05-11:05 (2 logs), 11:05-12:05 (none), 12:05-13:05 (2 logs), stopped at 13:30 (1 log)
  backfill, key 2: 11:05-12:05 (1 log)
  chain 2, key 2: 15:10-16:10 (2 logs), 16:10-17:10 (1 log)
Organization trail `org`, account 444455556666, eu-west-1: 10:00-11:00 (1 log), 11:00-12:00 (1 log), key 1
"""

import base64
import datetime
import gzip
import hashlib
import json
import pathlib
import random
import shutil

HERE = pathlib.Path(__file__).parent
BUCKET = "trail-bucket"
RANDOM = random.Random("bedrock-lens integrity fixture")


def is_prime(n):
    if any(n % p == 0 for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)):
        return False
    d, r = n - 1, 0
    while d % 2 == 0:
        d, r = d // 2, r + 1
    for _ in range(24):
        x = pow(RANDOM.randrange(2, n - 2), d, n)
        if x in (1, n - 1):
            continue
        for _ in range(r - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime(bits):
    while True:
        n = RANDOM.getrandbits(bits) | 3 << (bits - 2) | 1
        if n % 65537 != 1 and is_prime(n):
            return n


def der(tag, content):
    length = len(content)
    head = bytes([length]) if length < 128 else bytes([0x80 | (length.bit_length() + 7) // 8]) + length.to_bytes(
        (length.bit_length() + 7) // 8, "big")
    return bytes([tag]) + head + content


def integer(n):
    return der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


class Key:
    def __init__(self, wrapped):
        p, q = prime(1024), prime(1024)
        self.n, self.d = p * q, pow(65537, -1, (p - 1) * (q - 1))
        pkcs1 = der(0x30, integer(self.n) + integer(65537))
        algorithm = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
        self.der = der(0x30, algorithm + der(3, b"\0" + pkcs1)) if wrapped else pkcs1
        self.fingerprint = hashlib.md5(self.der).hexdigest()

    def sign(self, text):
        info = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(text.encode()).digest()
        padded = b"\0\1" + b"\xff" * (256 - 3 - len(info)) + b"\0" + info
        return pow(int.from_bytes(padded, "big"), self.d, self.n).to_bytes(256, "big").hex()


def at(clock):
    return f"2026-03-02T{clock}:00Z"


def compact(clock, seconds=True):
    return "20260302T" + clock.replace(":", "") + ("00Z" if seconds else "Z")


def write(key, plain):
    path = HERE / "bucket" / BUCKET / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(plain, mtime=0))


class Trail:
    def __init__(self, name, root, account, region):
        self.name, self.root, self.account, self.region = name, root, account, region
        self.previous = None

    def log(self, clock):
        key = (f"{self.root}/{self.account}/CloudTrail/{self.region}/2026/03/02/{self.account}_CloudTrail_"
               f"{self.region}_{compact(clock, False)}_{RANDOM.getrandbits(80):020x}.json.gz")
        event = {"eventVersion": "1.11", "eventID": f"{RANDOM.getrandbits(128):032x}", "eventTime": at(clock),
                 "eventSource": "bedrock.amazonaws.com", "eventName": "ListFoundationModels",
                 "awsRegion": self.region, "recipientAccountId": self.account}
        plain = json.dumps({"Records": [event]}).encode()
        write(key, plain)
        return {"s3Bucket": BUCKET, "s3Object": key, "hashValue": hashlib.sha256(plain).hexdigest(),
                "hashAlgorithm": "SHA-256", "newestEventTime": at(clock), "oldestEventTime": at(clock)}

    def digest(self, start, end, logs, signer, backfill=False):
        name = (f"{self.account}_CloudTrail-Digest_{self.region}_{self.name}_us-east-1_{compact(end)}"
                + ("_backfill" if backfill else ""))
        key = f"{self.root}/{self.account}/CloudTrail-Digest/{self.region}/2026/03/02/{name}.json.gz"
        previous = None if backfill else self.previous
        document = {
            "awsAccountId": self.account, "digestStartTime": at(start), "digestEndTime": at(end),
            "digestS3Bucket": BUCKET, "digestS3Object": key,
            "digestPublicKeyFingerprint": signer.fingerprint, "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": at(logs[-1]) if logs else None, "oldestEventTime": at(logs[0]) if logs else None,
            "previousDigestS3Bucket": previous and BUCKET, "previousDigestS3Object": previous and previous[0],
            "previousDigestHashValue": previous and previous[1],
            "previousDigestHashAlgorithm": previous and "SHA-256",
            "previousDigestSignature": previous and previous[2],
            "logFiles": [self.log(clock) for clock in logs],
        }
        plain = json.dumps(document).encode()
        content = hashlib.sha256(plain).hexdigest()
        signature = signer.sign("\n".join(
            [at(end), f"{BUCKET}/{key}", content, previous[2] if previous else "null"]))
        write(key, plain)
        metadata = {"x-amz-meta-signature": signature, "x-amz-meta-signature-algorithm": "SHA256withRSA"}
        if backfill:
            metadata["x-amz-meta-backfill-generation-timestamp"] = at("18:00")
        else:
            self.previous = (key, content, signature)
        return {f"s3://{BUCKET}/{key}": metadata}


def main():
    shutil.rmtree(HERE / "bucket", ignore_errors=True)
    first, second = Key(wrapped=False), Key(wrapped=True)
    metadata = {}
    lab = Trail("lab", "AWSLogs", "111122223333", "us-east-1")
    metadata |= lab.digest("10:05", "11:05", ["10:10", "10:40"], first)
    metadata |= lab.digest("11:05", "12:05", [], first)
    metadata |= lab.digest("12:05", "13:05", ["12:10", "12:55"], first)
    metadata |= lab.digest("13:05", "13:30", ["13:20"], first)
    metadata |= lab.digest("11:05", "12:05", ["11:25"], second, backfill=True)
    lab.previous = None
    metadata |= lab.digest("15:10", "16:10", ["15:15", "15:45"], second)
    metadata |= lab.digest("16:10", "17:10", ["16:30"], second)
    org = Trail("org", "AWSLogs/o-exampleorgid", "444455556666", "eu-west-1")
    metadata |= org.digest("10:00", "11:00", ["10:25"], first)
    metadata |= org.digest("11:00", "12:00", ["11:35"], first)
    keys = [{"Value": base64.b64encode(key.der).decode(), "ValidityStartTime": "2026-03-01T00:00:00Z",
             "ValidityEndTime": "2026-03-09T00:00:00Z", "Fingerprint": key.fingerprint} for key in (first, second)]
    (HERE / "keys.json").write_text(json.dumps({"PublicKeyList": keys}, indent=1) + "\n")
    (HERE / "metadata.json").write_text(json.dumps(metadata, indent=1) + "\n")


if __name__ == "__main__":
    main()
