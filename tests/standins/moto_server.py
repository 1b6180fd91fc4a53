"""AWS on loopback: moto's server, filled and asked from within its own process.

Prints {"port": N} when it listens, then answers one JSON line per line on standard input, and ends
with it. Commands:

  {"do": "put", "bucket": B, "objects": [{"key": K, "file": PATH | "base64": TEXT, "storage": CLASS?}]}
  {"do": "put_folder", "bucket": B, "prefix": P, "folder": PATH}     every file below the folder
  {"do": "delete", "bucket": B, "keys": [K, ...]}
  {"do": "requests", "about": T}  the requests since last asked with T in host or path: method, path,
                                  query, status, time
  {"do": "user", "policy": {...}} a user with this policy: access key and secret
  {"do": "auth"}                  from now on, signatures and policies count
  {"do": "aws", "service": S, "operation": O, "with": {...}, "region": R?}   calls itself as boto3 would
"""

import base64
import json
import logging
import os
import sys
import threading
import time
from urllib.parse import parse_qs

import boto3
from moto import settings
from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

S3 = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
IAM = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
LOG = []
PORT = []


class Quiet(MotoRequestHandler):
    """HTTP/1.1 as S3 speaks it, without a line per request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *args, **kwargs):
        pass


def logged(app):
    def call(environ, start_response):
        entry = {
            "method": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"],
            "query": {k: v[0] for k, v in parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).items()},
            "host": environ.get("HTTP_HOST"),
            "payer": environ.get("HTTP_X_AMZ_REQUEST_PAYER"),
            "time": time.time(),
        }

        def start(status, headers, *rest):
            entry["status"] = int(status.split()[0])
            return start_response(status, headers, *rest)

        LOG.append(entry)
        return app(environ, start)

    return call


def bucket(name):
    if name not in S3.buckets:
        S3.create_bucket(name, "us-east-1")
    return name


def put(name, objects):
    bucket(name)
    for item in objects:
        if "file" in item:
            with open(item["file"], "rb") as file:
                content = file.read()
        else:
            content = base64.b64decode(item["base64"])
        S3.put_object(name, item["key"], content, storage=item.get("storage"))


def put_folder(name, prefix, folder):
    count = 0
    for place, _, files in os.walk(folder):
        for file in files:
            path = os.path.join(place, file)
            key = prefix + os.path.relpath(path, folder).replace(os.sep, "/")
            put(name, [{"key": key, "file": path}])
            count += 1
    return count


def user(policy):
    name = f"user-{len(IAM.users)}"
    IAM.create_user("us-east-1", name)
    IAM.put_user_policy(name, "only", json.dumps(policy))
    key = IAM.create_access_key(user_name=name)
    return {"access_key": key.access_key_id, "secret": key.secret_access_key}


def aws(command):
    client = boto3.client(
        command["service"],
        region_name=command.get("region", "us-east-1"),
        endpoint_url=f"http://127.0.0.1:{PORT[0]}",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="example",
    )
    found = getattr(client, command["operation"])(**command.get("with", {}))
    found.pop("ResponseMetadata", None)
    return json.loads(json.dumps(found, default=str))


def answer(command):
    what = command.pop("do")
    if what == "put":
        put(command["bucket"], command["objects"])
    elif what == "put_folder":
        return {"count": put_folder(command["bucket"], command["prefix"], command["folder"])}
    elif what == "delete":
        for key in command["keys"]:
            S3.delete_object(command["bucket"], key)
    elif what == "requests":
        about = command["about"]
        seen = [entry for entry in list(LOG) if about in f"{entry['host']}{entry['path']}/"]
        for entry in seen:
            LOG.remove(entry)
        return {"requests": seen}
    elif what == "user":
        return user(command["policy"])
    elif what == "aws":
        return {"answer": aws(command)}
    elif what == "auth":
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    else:
        raise ValueError(what)
    return {}


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, logged(app), threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    PORT.append(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
