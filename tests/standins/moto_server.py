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
  {"do": "refuse", "operations": {O: {"code": C, "times": N?}}}   operations of CloudWatch, from now on
  {"do": "page", "results": N}    GetMetricData answers this many results at a time
  {"do": "published", "namespace": N}      every datum that was put: metric, dimensions, time, value
  {"do": "aws", "service": S, "operation": O, "with": {...}, "region": R?}   calls itself as boto3 would
"""

import base64
import gzip
import io
import json
import logging
import os
import sys
import threading
import time
from urllib.parse import parse_qs

import boto3
import botocore.exceptions
import botocore.parsers
import botocore.serialize
from moto import settings
from moto.cloudwatch.models import Statistics, cloudwatch_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from moto.ses.models import ses_backends
from werkzeug.serving import make_server

S3 = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
SES = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
CLOUDWATCH = cloudwatch_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
IAM = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
LOG = []
PORT = []
REFUSED = {}
PAGE = [None]

# CloudWatch's newer protocol, which moto doesn't speak: CBOR in and out, the operation in the path.
CBOR = "/service/GraniteServiceVersion20100801/operation/"
READER, WRITER = botocore.parsers.RpcV2CBORParser(), botocore.serialize.RpcV2CBORSerializer()


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


def cloudwatch_in_cbor(app):
    """Answers CBOR requests by asking moto in JSON, with what the model of the API says is allowed."""

    def call(environ, start_response):
        if not environ["PATH_INFO"].startswith(CBOR):
            return app(environ, start_response)
        operation = environ["PATH_INFO"][len(CBOR):]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if environ.get("HTTP_CONTENT_ENCODING") == "gzip":
            body = gzip.decompress(body)
        status, content = "200 OK", bytearray()
        region = environ["HTTP_AUTHORIZATION"].split("Credential=")[1].split("/")[2]
        client = client_of("cloudwatch", region)
        model = client.meta.service_model.operation_model(operation)
        try:
            refuse(operation)
            asked = READER.parse_data_item(io.BufferedReader(io.BytesIO(body))) if body else {}
            found = paged(client, operation, asked)
            found.pop("ResponseMetadata", None)
            if model.output_shape is not None:
                WRITER._serialize_data_item(content, found, model.output_shape)
            else:
                content += b"\xa0"
        except (botocore.exceptions.ClientError, botocore.exceptions.ParamValidationError, Refused) as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code", type(error).__name__)
            code = error.args[0] if isinstance(error, Refused) else code
            status = "403 Forbidden" if code.startswith("AccessDenied") else "400 Bad Request"
            content = cbor_texts({"__type": code, "message": str(error)})
        headers = [("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        start_response(status, headers + [("content-length", str(len(content)))])
        return [bytes(content)]

    return call


class Refused(Exception):
    pass


def refuse(operation):
    rule = REFUSED.get(operation)
    if rule is None or rule.get("times") == 0:
        return
    if "times" in rule:
        rule["times"] -= 1
    raise Refused(rule["code"])


def paged(client, operation, asked):
    """Answers of GetMetricData, a few results at a time when told to; moto gives all at once."""
    if operation != "GetMetricData" or PAGE[0] is None:
        return client._make_api_call(operation, asked)
    start = int(asked.pop("NextToken", "0"))
    found = client._make_api_call(operation, asked)
    results = found["MetricDataResults"]
    found["MetricDataResults"] = results[start:start + PAGE[0]]
    if start + PAGE[0] < len(results):
        found["NextToken"] = str(start + PAGE[0])
    return found


def with_percentiles(whole):
    """moto knows no percentiles; linear between ranks, as good as any for a stand-in."""

    def statistic(self, stat):
        if not stat.startswith("p"):
            return whole(self, stat)
        values = sorted(self.metric_single_values_list)
        at = (len(values) - 1) * float(stat[1:]) / 100
        low = int(at)
        high = min(low + 1, len(values) - 1)
        return values[low] + (values[high] - values[low]) * (at - low)

    return statistic


Statistics.get_statistics_for_type = with_percentiles(Statistics.get_statistics_for_type)


def cbor_texts(texts):
    content = bytearray([0xA0 + len(texts)])
    for text in (text for pair in texts.items() for text in pair):
        WRITER._serialize_type_string(content, text, None, None)
    return content


def client_of(service, region):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=f"http://127.0.0.1:{PORT[0]}",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="example",
    )


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


def aws(command):
    client = client_of(command["service"], command.get("region", "us-east-1"))
    found = getattr(client, command["operation"])(**command.get("with", {}))
    found.pop("ResponseMetadata", None)
    plain = lambda value: dict(value) if hasattr(value, "items") else str(value)
    return json.loads(json.dumps(found, default=plain))


def published(namespace):
    found = [datum for datum in CLOUDWATCH.metric_data if datum.namespace == namespace]
    return [
        {
            "metric": datum.name,
            "dimensions": {one.name: one.value for one in datum.dimensions},
            "time": datum.timestamp.isoformat(),
            "value": float(datum.value),
            "unit": datum.unit,
        }
        for datum in found
    ]


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
    elif what == "aws":
        return {"answer": aws(command)}
    elif what == "refuse":
        REFUSED.clear()
        REFUSED.update(command["operations"])
    elif what == "page":
        PAGE[0] = command["results"]
    elif what == "published":
        return {"datums": published(command["namespace"])}
    elif what == "auth":
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    else:
        raise ValueError(what)
    return {}


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, logged(cloudwatch_in_cbor(app)), threaded=True, request_handler=Quiet)
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
