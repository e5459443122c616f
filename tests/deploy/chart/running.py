"""Gives the rendered configuration to the gateway: `check-config` reads it, and a gateway starts with it."""

import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

from rendering import ROOT, container, only, pod, reload_pod

# The pod's values of files that the tests' own Secrets hold.
LOGIN = "scangate\npassword\n"
TIME_MAX_S = 60


def gateway():
    return os.environ.get("GATEWAY", str(ROOT / "target/debug/gateway"))


def make_files(documents, folder):
    """Makes the pod's folders below another one. Returns what replaces the pod's paths and addresses."""
    settings = folder / "etc/scangate"
    settings.mkdir(parents=True)
    (folder / "data").mkdir()
    (settings / "secret").write_bytes(os.urandom(32))
    (settings / "secret").chmod(0o440)
    (settings / "cql-login").write_text(LOGIN)
    (settings / "webhook-token").write_text("token\n")
    make_certificate(settings)
    ports = {"8443": free_port(), "9443": free_port()}

    def local(text):
        text = re.sub(r"(0\.0\.0\.0|\[::\]):(8443|9443)", lambda m: f"127.0.0.1:{ports[m[2]]}", text)
        return re.sub(r'(^|["=])(/etc/scangate|/data)\b', rf"\1{folder}\2", text, flags=re.MULTILINE)

    for name, text in only(documents, "ConfigMap")["data"].items():
        (settings / name).write_text(local(text) if name == "gateway.toml" else text)
    return local, ports["9443"]


def make_certificate(settings):
    """A certificate for the origin's names, with the key and the store's authority beside it."""
    subprocess.run(
        ["openssl", "req", "-new", "-x509", "-days", "90", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=gate.example", "-addext", "subjectAltName=DNS:gate.example,DNS:*.gate.example",
         "-keyout", settings / "key.pem", "-out", settings / "certificate.pem"],
        check=True, capture_output=True, timeout=TIME_MAX_S)
    (settings / "cql-authority.pem").write_bytes((settings / "certificate.pem").read_bytes())


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def check_config(documents, folder):
    """What `gateway check-config` says against the configuration; warnings are not errors."""
    make_files(documents, folder)
    done = subprocess.run([gateway(), "check-config", folder / "etc/scangate/gateway.toml"],
                          capture_output=True, text=True, timeout=TIME_MAX_S)
    if done.returncode not in (0, 2):
        yield (done.stdout + done.stderr).strip()


def run(documents, folder):
    """Starts a gateway as the pod does, asks what the probes and Prometheus ask, and stops it."""
    local, admin = make_files(documents, folder)
    arguments = [local(argument) for argument in container(documents)["args"]]
    variables = {one["name"]: one["value"] for one in container(documents)["env"] if "value" in one}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([gateway(), *arguments], env={**os.environ, **variables}, stdout=log, stderr=log)
        try:
            yield from ask(documents, process, admin)
            yield from reload(documents, folder, admin)
        finally:
            process.terminate()
            try:
                status = process.wait(pod(documents)["spec"]["terminationGracePeriodSeconds"])
            except subprocess.TimeoutExpired:
                process.kill()
                status = f"no end within the grace period ({process.wait()})"
    if status != 0:
        yield f"the gateway ended with {status}: {(folder / 'log').read_text()[-2000:]}"
    own = list((folder / "data").iterdir())
    if [entry.name for entry in own] != ["gateway"] or own[0].stat().st_mode & 0o077:
        yield f"the gateway's folder on the volume is not closed: {own}"
    first = (folder / "log").read_text().splitlines()[0]
    if (variables["SCANGATE_LOG_FORMAT"] == "json") != first.startswith("{"):
        yield f"the log is not in the form {variables['SCANGATE_LOG_FORMAT']}: {first}"


def ask(documents, process, admin):
    paths = [container(documents)[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")]
    until = time.monotonic() + TIME_MAX_S
    for path in [*paths, "/metrics"]:
        address = f"http://127.0.0.1:{admin}{path}"
        # Without an answer the listener is not open yet, and with another one the gateway is not ready yet.
        while (status := get(address)) != 200 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        if status != 200:
            yield f"{path} answered {status}"


def reload(documents, folder, admin):
    """Runs the script of the reload's job, with a right certificate and then with a broken one."""
    own = reload_pod(documents)["spec"]["containers"][0]
    [script] = own["args"]
    script = re.sub(r'reload "[^"]+"', "reload 127.0.0.1", script).replace("/9443", f"/{admin}")
    certificate = folder / "etc/scangate/certificate.pem"
    for text, wanted in ((certificate.read_text(), 0), ("broken", 1)):
        certificate.write_text(text)
        done = subprocess.run([*own["command"], script], capture_output=True, text=True, timeout=TIME_MAX_S)
        if done.returncode != wanted:
            yield f"the reload ended with {done.returncode} and not {wanted}: {done.stdout}{done.stderr}"


def get(address):
    """The status of an answer; nothing without one."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None

