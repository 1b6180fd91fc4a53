"""CloudTrail's event history and public keys, and who asks, on loopback.

Requests are checked against the service's own model (botocore) and answered as the API does: newest
first, 50 at most, both ends of the time included. Prints {"port": N} when it listens, then answers one
JSON line per line on standard input, and ends with it. Commands:

  {"do": "events", "events": [...]}   what happened: CloudTrail events
  {"do": "keys", "keys": [...]}       public keys, as ListPublicKeys writes them, by "region"
  {"do": "fail", "code": C, "from": N, "count": M}   answers requests N to N+M-1 for events with an error
  {"do": "per_second", "per_second": N}            more requests for events in a second than this are throttled
  {"do": "requests"}                  the requests for events and keys since last asked
"""

import datetime
import http.server
import json
import sys
import threading
import time

import botocore.session
import botocore.validate

SESSION = botocore.session.get_session()
MODEL = SESSION.get_service_model("cloudtrail")
VALIDATOR = botocore.validate.ParamValidator()
STATE = {"events": [], "keys": [], "fail": None, "per_second": 2, "asked": 0}
LOG = []
HITS = []
LOCK = threading.Lock()
ACCOUNT = "111122223333"
IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:user/auditor</Arn><UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


def seconds(event):
    return datetime.datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00")).timestamp()


def lookup(body, region):
    found = [e for e in STATE["events"] if e["awsRegion"] == region
             and body.get("StartTime", 0) <= seconds(e) <= body.get("EndTime", 1e12)]
    for attribute in body.get("LookupAttributes", []):
        assert attribute["AttributeKey"] == "EventSource", attribute
        found = [e for e in found if e["eventSource"] == attribute["AttributeValue"]]
    found.sort(key=seconds, reverse=True)
    size, start = min(body.get("MaxResults", 50), 50), int(body.get("NextToken", "0"))
    page = {"Events": [
        {"EventId": e["eventID"], "EventName": e["eventName"], "EventSource": e["eventSource"],
         "EventTime": seconds(e), "ReadOnly": "true", "CloudTrailEvent": json.dumps(e)}
        for e in found[start:start + size]]}
    if start + size < len(found):
        page["NextToken"] = str(start + size)
    return page


def throttled():
    now = time.time()
    HITS[:] = [hit for hit in HITS if now - hit < 1]
    HITS.append(now)
    return len(HITS) > STATE["per_second"]


def fails():
    number, STATE["asked"] = STATE["asked"], STATE["asked"] + 1
    rule = STATE["fail"]
    return rule["code"] if rule and rule["from"] <= number < rule["from"] + rule["count"] else None


def answered(operation, body, region):
    times = {k: datetime.datetime.fromtimestamp(body[k], datetime.timezone.utc)
             for k in ("StartTime", "EndTime") if k in body}
    report = VALIDATOR.validate({**body, **times}, MODEL.operation_model(operation).input_shape)
    if report.has_errors():
        return 400, {"__type": "InvalidParameterCombinationException", "message": report.generate_report()}
    LOG.append({"operation": operation, "region": region, "time": time.time(), **body})
    if operation == "ListPublicKeys":
        return 200, {"PublicKeyList": [
            {k: v for k, v in key.items() if k != "region"} for key in STATE["keys"] if key["region"] == region]}
    code = fails()
    if code:
        return 400, {"__type": code, "message": "as asked"}
    if throttled():
        return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
    return 200, lookup(body, region)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        signed = self.headers.get("authorization", "")
        if "AWS4-HMAC-SHA256" not in signed:
            return self.out(403, "application/json", json.dumps({"__type": "MissingAuthenticationTokenException"}))
        if b"Action=GetCallerIdentity" in body:
            return self.out(200, "text/xml", IDENTITY)
        region = signed.split("Credential=")[1].split("/")[2]
        operation = self.headers["x-amz-target"].split(".")[-1]
        with LOCK:
            code, answer = answered(operation, json.loads(body or b"{}"), region)
        self.out(code, "application/x-amz-json-1.1", json.dumps(answer))

    def out(self, code, kind, text):
        data = text.encode()
        self.send_response(code)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def command(line):
    what = line.pop("do")
    with LOCK:
        if what in ("events", "keys", "per_second"):
            STATE[what] = line[what]
        elif what == "fail":
            STATE.update(fail=line, asked=0)
        elif what == "requests":
            seen, LOG[:] = list(LOG), []
            return {"requests": seen}
        else:
            raise ValueError(what)
    return {}


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    for line in sys.stdin:
        try:
            reply = command(json.loads(line))
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
