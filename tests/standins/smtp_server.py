"""An SMTP server on loopback that keeps what it is sent, by aiosmtpd.

    smtp_server.py plain|starttls|tls [USER PASSWORD]

Prints {"port": N, "ca": PEM?} when it listens, then answers one JSON line per line on standard input:

  {"do": "mails"}                   what came: sender, recipients, the message's text
  {"do": "refuse", "address": A}    from now on, 550 for this address
  {"do": "hang"}                    from now on, take a message whole and never answer
  {"do": "seen"}                    whether a message came since it hangs
"""

import asyncio
import json
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

MAILS, REFUSED = [], set()
HANGS, SEEN = threading.Event(), threading.Event()


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in REFUSED:
            return "550 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if HANGS.is_set():
            SEEN.set()
            await asyncio.sleep(3600)
        MAILS.append({"from": envelope.mail_from, "to": envelope.rcpt_tos, "text": envelope.content.decode("ascii")})
        return f"250 kept as {len(MAILS)}"


def certificate(folder):
    """A certificate for localhost, and the authority that it is signed by: itself."""
    key, cert = Path(folder) / "key.pem", Path(folder) / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
         "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert.read_text()


def answer(command):
    what = command["do"]
    if what == "mails":
        return {"mails": MAILS}
    if what == "refuse":
        REFUSED.add(command["address"])
    elif what == "hang":
        HANGS.set()
    elif what == "seen":
        return {"seen": SEEN.wait(60)}
    else:
        raise ValueError(what)
    return {}


async def serve(security, login, context, ready):
    options = {"enable_SMTPUTF8": False, "data_size_limit": None}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if login:

        def check(server, session, envelope, mechanism, data):
            known = isinstance(data, LoginPassword) and [data.login.decode(), data.password.decode()] == login
            return AuthResult(success=known, handled=known)

        options |= {"authenticator": check, "auth_required": True, "auth_require_tls": security == "starttls"}
    loop = asyncio.get_running_loop()
    wrapper = context if security == "tls" else None
    server = await loop.create_server(lambda: SMTP(Handler(), **options), "127.0.0.1", 0, ssl=wrapper)
    ready(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def main():
    security, *login = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        context, ca = certificate(folder) if security != "plain" else (None, None)
    port, listens = [], threading.Event()

    def ready(number):
        port.append(number)
        listens.set()

    run = lambda: asyncio.run(serve(security, login, context, ready))
    threading.Thread(target=run, daemon=True).start()
    listens.wait(30)
    print(json.dumps({"port": port[0], "ca": ca}), flush=True)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
