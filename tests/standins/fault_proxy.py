"""A proxy before a server on loopback that answers by rules what S3 answers on a bad day.

usage: fault_proxy.py PORT       the server's port
Prints {"port": N} when it listens, then answers one JSON line per line on standard input, and ends
with it. Commands:

  {"do": "rules", "rules": [RULE, ...]}    from now on; the first that fits a request answers it
  {"do": "requests"}                       the requests since last asked: method, target, status

A rule fits by "method" and "target" (a regular expression over path and query), after "after" fits
have been let through and at most "times" times. It may say:

  "status", "code", "message", "headers"   an error as S3 writes it
  "unless_region"                          only requests that aren't signed for this Region
  "cut": N                                 the server's answer, broken off after N bytes of its body
  "headers" without "status"               the server's answer with these headers
  "close": true                            no answer: the connection closes
"""

import http.client
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

UPSTREAM = int(sys.argv[1])
RULES, SEEN, LOCK = [], [], threading.Lock()


def rule_for(method, target, authorization):
    with LOCK:
        for rule in RULES:
            if rule.get("method", method) != method or not re.search(rule.get("target", ""), target):
                continue
            region = rule.get("unless_region")
            if region and f"/{region}/s3/" in authorization:
                continue
            rule["fits"] = rule.get("fits", 0) + 1
            number = rule["fits"] - rule.get("after", 0)
            if number < 1 or number > rule.get("times", number):
                continue
            return rule
    return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def handle_one(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else None
        rule = rule_for(self.command, self.path, self.headers.get("authorization", ""))
        entry = {"method": self.command, "target": self.path, "status": None}
        SEEN.append(entry)
        if rule.get("close"):
            self.close_connection = True
            return
        if "status" in rule:
            status, headers, content = rule["status"], rule.get("headers", {}), error(rule)
        else:
            status, headers, content = self.ask(body)
            headers.update(rule.get("headers", {}))
        entry["status"] = status
        cut = rule.get("cut")
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content if cut is None else content[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True

    def ask(self, body):
        upstream = http.client.HTTPConnection("127.0.0.1", UPSTREAM)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        return answer.status, dict(answer.getheaders()), content

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_one


def error(rule):
    if "code" not in rule:
        return b""
    text = f"<Error><Code>{rule['code']}</Code><Message>{rule.get('message', '')}</Message></Error>"
    return b"<?xml version='1.0' encoding='UTF-8'?>" + text.encode()


def answer(command):
    if command["do"] == "rules":
        with LOCK:
            RULES[:] = command["rules"]
        return {}
    seen, SEEN[:] = SEEN[:], []
    return {"requests": seen}


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


main()
