"""AWS on loopback: moto's server, filled and asked from within its own process.

Prints {"port": N} when it listens, then answers one JSON line per line on standard input, and ends
with it. Commands:

  {"do": "put", "bucket": B, "objects": [{"key": K, "file": PATH | "base64": TEXT, "storage": CLASS?,
                                           "metadata": {NAME: VALUE}?}]}
  {"do": "put_folder", "bucket": B, "prefix": P, "folder": PATH}     every file below the folder
  {"do": "delete", "bucket": B, "keys": [K, ...]}
  {"do": "requests", "about": T}  the requests since last asked with T in host or path: method, path,
                                  query, status, time
  {"do": "user", "policy": {...}} a user with this policy: access key and secret
  {"do": "sender", "address": A}  SES takes mail from this address
  {"do": "mails"}                 what SES took: sender, recipients, the message's text
  {"do": "object", "bucket": B, "key": K}  an object: text, content type, encryption, key
  {"do": "auth"}                  from now on, signatures and policies count
"""

import base64
import json
import logging
import os
import sys
import threading
import time
from urllib.parse import parse_qs

from moto import settings
from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from moto.ses.models import ses_backends
from werkzeug.serving import make_server

S3 = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
SES = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
IAM = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
LOG = []


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
        key = S3.put_object(name, item["key"], content, storage=item.get("storage"))
        if "metadata" in item:
            key.set_metadata(item["metadata"])


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
    elif what == "sender":
        SES.verify_email_identity(command["address"])
    elif what == "mails":
        sent = [{"from": m.source, "to": m.destinations, "text": m.raw_data} for m in SES.sent_messages]
        return {"mails": sent}
    elif what == "object":
        found = S3.get_object(command["bucket"], command["key"])
        metadata = dict(found.response_dict) | dict(found.metadata)
        return {"text": found.value.decode("utf-8", "replace"), "headers": metadata}
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
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
