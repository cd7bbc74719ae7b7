"""What a push says where it cannot work: refused, nobody there, not MLflow, certificates, too much to do. And what it takes to work."""

import datetime
import ipaddress
from concurrent.futures import ThreadPoolExecutor

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from proxy import Proxy
from pusher import Failed, say
from readback import client
from server import free_port


def answers(test):
    for part in (refused, wrong_addresses, persistent, certificates, at_once):
        part(test)


def refused(test):
    record = test.record("refused")
    test.proxy.reset(authorization="Bearer right-s3cret")
    line = test.pusher.fail(test.proxy.uri, record, test.proxy.uri, "status 401", "MLFLOW_TRACKING_TOKEN", TRACKING_TOKEN="wrong-s3cret")
    if test.proxy.requests != 1:
        raise Failed(f"a refused push asked {test.proxy.requests} times, expected once")
    test.pusher.fail(test.proxy.uri, record, "status 401")
    say(f"refused: {line.removeprefix('error: ')}")
    test.pusher.push(test.proxy.uri, record, TRACKING_TOKEN="right-s3cret")
    test.compare(record, "a run pushed with a token")
    for uri, settings in [
        (test.proxy.uri, {"TRACKING_USERNAME": "me", "TRACKING_PASSWORD": "p:s3cret"}),
        (test.proxy.uri.replace("://", "://me:p%3As3cret@"), {}),
    ]:
        record = test.record("refused")
        test.proxy.reset(authorization="Basic bWU6cDpzM2NyZXQ=")
        test.pusher.push(uri, record, **settings)
        test.compare(record, "a run pushed with a password")
    test.proxy.reset(authorization="Basic other")
    test.pusher.fail(test.proxy.uri.replace("://", "://me:p%3As3cret@"), record, test.proxy.uri, "status 401")
    say("credentials: a token, a name and password, and both in the address get through; a wrong one is asked for once and not shown")


def wrong_addresses(test):
    record = test.record("nowhere")
    closed = f"http://127.0.0.1:{free_port()}"
    test.proxy.reset(always=(200, {"Content-Type": "text/html"}, b"<!doctype html><title>hello</title>"))
    cases = [
        (closed, "Connection refused", "is the server up"),
        (f"{test.server.uri}/no/such/prefix", "status 404", "path prefix"),
        (test.server.uri.replace("http:", "https:"), "is the server up"),
        (test.proxy.uri, "answers `<!doctype html>", "is that an MLflow server's address"),
        ("sqlite:///mlflow.db", "MLFLOW_TRACKING_URI", "http://localhost:5000"),
        ("me:s3cret@host", "MLFLOW_TRACKING_URI"),
    ]
    for uri, *parts in cases:
        line = test.pusher.fail(uri, record, *parts, HTTP_REQUEST_MAX_RETRIES=1)
        say(f"wrong address: {line.removeprefix('error: ')}")


def persistent(test):
    """A server that fails for good, or asks for patience that nobody has."""
    record = test.record("persistent")
    test.proxy.reset(always=(500, {}, b'{"error_code": "INTERNAL_ERROR", "message": "disk\\nfull"}'))
    line = test.pusher.fail(test.proxy.uri, record, "status 500: INTERNAL_ERROR: disk full (asked 3 times)", HTTP_REQUEST_MAX_RETRIES=2)
    if test.proxy.requests != 3:
        raise Failed(f"asked {test.proxy.requests} times, expected 3")
    say(f"failing for good: {line.removeprefix('error: ')}")
    test.proxy.reset(always=(429, {"Retry-After": "3600"}, b""))
    line = test.pusher.fail(test.proxy.uri, record, "asks to wait 3600 s")
    if test.proxy.requests != 1:
        raise Failed(f"asked {test.proxy.requests} times, expected once")
    say(f"throttled for an hour: {line.removeprefix('error: ')}")


def certificates(test):
    authority, chain = make_certificates(test.folder)
    with Proxy(test.server.port, certificate=chain) as secure:
        record = test.record("certificates")
        line = test.pusher.fail(secure.uri, record, "certificate", "MLFLOW_TRACKING_SERVER_CERT_PATH")
        if secure.requests:
            raise Failed("a server with an unknown certificate was sent a request")
        say(f"unknown certificate: {line.removeprefix('error: ')}")
        test.pusher.push(secure.uri, record, TRACKING_SERVER_CERT_PATH=authority)
        test.compare(record, "a run pushed over TLS")
        record = test.record("certificates")
        test.pusher.push(secure.uri, record, TRACKING_INSECURE_TLS="true")
        test.compare(record, "a run pushed over TLS that checks nothing")
    say("TLS: a custom authority is trusted when named, and nothing goes unchecked unless asked for")


def make_certificates(folder):
    """An authority's certificate, and the chain and key of a server on this machine."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(name, key, issuer, issuer_key, extension):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        return builder.add_extension(extension, critical=True).sign(issuer_key, hashes.SHA256())

    def pem(thing):
        return thing.public_bytes(serialization.Encoding.PEM)

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = certificate("test authority", authority_key, None, authority_key, x509.BasicConstraints(ca=True, path_length=None))
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    server = certificate("test server", key, authority.subject, authority_key, here)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths = [folder / name for name in ("authority.pem", "server.pem", "server.key")]
    for path, held in zip(paths, (pem(authority), pem(server), private), strict=True):
        path.write_bytes(held)
    return paths[0], paths[1:]


def at_once(test):
    """Several pushes that all have to make the same experiment and the same registered model."""
    batch = [test.record("at once") for _ in range(4)]
    test.proxy.reset()
    with ThreadPoolExecutor(len(batch)) as pool:
        pushed = list(pool.map(lambda record: test.pusher.push(test.proxy.uri, record), batch))
    experiments, versions = {p["experiment_id"] for p in pushed}, sorted(p["models"][0][1] for p in pushed)
    if len(experiments) != 1 or versions != ["1", "2", "3", "4"]:
        raise Failed(f"pushes at once made experiments {experiments} and versions {versions}")
    # The alias is with one of them; which one is not decided.
    champion = client(test.server.uri).get_model_version_by_alias("click-at once", "champion").version
    for record, made in zip(batch, pushed, strict=True):
        if made["models"][0][1] != champion:
            record["models"][0]["aliases"] = []
        test.compare(record, "one of several runs pushed at once")
    say(f"at once: {len(batch)} pushes, one experiment, versions {', '.join(versions)} of one model")
