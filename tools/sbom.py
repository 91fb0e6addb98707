#!/usr/bin/env python3
"""The software bill of materials of build/troupe: everything that is linked, compiled in, embedded or fetched for it.

  tools/sbom.py --troupe FILE --build FOLDER --out FILE            writes CycloneDX 1.5 (JSON)
  tools/sbom.py --troupe FILE --build FOLDER --out FILE --check    and exits 1 where something is missing or malformed

Nothing is listed by hand that can be read: shared libraries from the binary, headers from what the compiler opened, their
versions and licences from the distribution's packages, npm packages from the lock file, llama.cpp and weights from the
pins by which set-up fetches them. tools/vendored.toml names what lies in the tree itself. Debian and Ubuntu.
"""
import argparse
import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import uuid

import yaml

from setup import llama

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What Debian's copyright files call otherwise, or say only in prose.
SPDX = {
    "Expat": "MIT", "expat": "MIT", "public-domain": "LicenseRef-public-domain", "BSD-3-clause": "BSD-3-Clause", "BSD-3-clauses": "BSD-3-Clause",
    "BSD-2-clause": "BSD-2-Clause", "BSL-1.0": "BSL-1.0", "Apache-2": "Apache-2.0", "Apache-2.0": "Apache-2.0", "MIT": "MIT", "curl": "curl",
    "zlib": "Zlib", "Zlib": "Zlib", "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-2+": "LGPL-2.0-or-later", "LGPL-3+": "LGPL-3.0-or-later",
    "GPL-2+": "GPL-2.0-or-later", "GPL-3+": "GPL-3.0-or-later", "GPL-2": "GPL-2.0-only", "BSD-3-Clause": "BSD-3-Clause", "ISC": "ISC",
}
BY_SOURCE = {
    "boost1.81": "BSL-1.0", "boost1.83": "BSL-1.0", "protobuf": "BSD-3-Clause", "spdlog": "MIT", "fmtlib": "MIT", "yaml-cpp": "MIT",
    "nlohmann-json3": "MIT", "cli11": "BSD-3-Clause", "prometheus-cpp": "MIT", "sqlite3": "LicenseRef-public-domain", "postgresql-15": "PostgreSQL", "postgresql-16": "PostgreSQL", "postgresql-17": "PostgreSQL", "openssl": "Apache-2.0",
    "curl": "curl", "glibc": "LGPL-2.1-or-later", "gcc-12": "GPL-3.0-only WITH GCC-exception-3.1", "gcc-13": "GPL-3.0-only WITH GCC-exception-3.1",
    "gcc-14": "GPL-3.0-only WITH GCC-exception-3.1", "valijson": "BSD-2-Clause", "re2": "BSD-3-Clause", "zlib": "Zlib",
    "krb5": "MIT", "openldap": "OLDAP-2.8", "gnutls28": "LGPL-2.1-or-later", "rtmpdump": "LGPL-2.1-or-later", "cyrus-sasl2": "BSD-4-Clause-UC",
    "libssh2": "BSD-3-Clause", "libtasn1-6": "LGPL-2.1-or-later", "gmp": "LGPL-3.0-or-later OR GPL-2.0-or-later", "e2fsprogs": "MIT",
    "keyutils": "LGPL-2.0-or-later", "libidn2": "LGPL-3.0-or-later OR GPL-2.0-or-later", "libunistring": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "nats.c": "Apache-2.0", "protobuf-c": "BSD-2-Clause", "nettle": "LGPL-3.0-or-later OR GPL-2.0-or-later", "linux": "GPL-2.0-only WITH Linux-syscall-note",
}

def output(*words) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def sha256(path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def licence(text: str) -> list:
    return [{"expression": text}] if " " in text else [{"license": {"name": text}}] if text.startswith("LicenseRef-") else [{"license": {"id": text}}]


# ---- packages of the distribution

class Packages:
    """Who owns which file, asked once for all."""

    def __init__(self, paths):
        self.of = {}
        spelled = {}  # a file may be known under /lib, or under /usr/lib
        for path in paths:
            for name in {path, os.path.realpath(path), path.removeprefix("/usr"), "/usr" + path}:
                spelled.setdefault(name, path)
        names = sorted(spelled)
        for start in range(0, len(names), 500):
            for line in output("dpkg", "-S", *names[start:start + 500]).splitlines():
                owner, _, file = line.partition(": ")
                if file in spelled and not owner.startswith("diversion"):
                    self.of[spelled[file]] = owner.split(",")[0].strip()

    @staticmethod
    def about(package: str) -> dict:
        shown = output("dpkg-query", "-W", "-f", "${Package}\t${Version}\t${source:Package}\t${Architecture}", package)
        name, version, source, architecture = shown.split("\t")
        return {"name": name, "version": version, "source": source, "architecture": architecture}

    @staticmethod
    def licence_of(name: str, source: str) -> str:
        if source in BY_SOURCE:
            return BY_SOURCE[source]
        try:
            text = pathlib.Path(f"/usr/share/doc/{name}/copyright").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "LicenseRef-unknown"
        found = re.search(r"^Files: \*\n(?:(?!\n\n).*\n)*?License: *(\S+)", text, re.M) or re.search(r"^License: *(\S+)", text, re.M)
        word = found[1].rstrip(",") if found else ""
        return SPDX.get(word) or f"LicenseRef-see-usr-share-doc-{name}-copyright"


def shared_libraries(troupe) -> list:
    found = []
    for line in output("ldd", str(troupe)).splitlines():
        path = re.search(r"(/\S+) \(0x", line)
        if path:
            found.append(path[1])
    return found


def headers(build) -> list:
    """Files outside the tree that the compiler opened for what is in the program, not for tests."""
    found, wanted = set(), False
    for line in output("ninja", "-C", str(build), "-t", "deps").splitlines():
        if not line.startswith(" "):
            target = line.split(":")[0]
            wanted = target.startswith(("src/", "proto/")) and "_test.dir" not in target
        elif wanted and line.strip().startswith(("/usr/include", "/usr/local/include")):
            found.add(os.path.normpath(line.strip()))
    return sorted(found)


# ---- components

def component(kind, name, version, licences, purl, hashes, properties, scope="required") -> dict:
    return {
        "type": kind, "bom-ref": purl, "name": name, "version": version, "scope": scope, "licenses": licences, "purl": purl,
        "hashes": [{"alg": alg, "content": content} for alg, content in hashes],
        "properties": [{"name": f"troupe:{key}", "value": value} for key, value in properties],
    }


def distribution_parts(troupe, build):
    libraries, opened = shared_libraries(troupe), headers(build)
    packages = Packages(libraries + opened)
    system = "ubuntu" if "ubuntu" in pathlib.Path("/etc/os-release").read_text(encoding="utf-8") else "debian"
    files, missing = {}, []
    for path in libraries + opened:
        owner = packages.of.get(path)
        if owner is None:
            missing.append(path)
        else:
            files.setdefault(owner, []).append(path)
    parts = []
    for owner, paths in sorted(files.items()):
        about = Packages.about(owner)
        how = [("linked", path) for path in paths if path in libraries] or [("compiled-in", "headers")]
        digest = hashlib.sha256()
        for path in sorted(paths):
            digest.update(bytes.fromhex(sha256(path)))
        single = [path for path in paths if path in libraries]
        content = sha256(single[0]) if len(single) == 1 and len(paths) == 1 else digest.hexdigest()
        parts.append(component(
            "library", about["name"], about["version"], licence(Packages.licence_of(about["name"], about["source"])),
            f"pkg:deb/{system}/{about['name']}@{about['version']}?arch={about['architecture']}", [("SHA-256", content)],
            [("source-package", about["source"]), *how]))
    return parts, libraries, opened, missing


def llama_parts():
    purl = f"pkg:pypi/{llama.PACKAGE}@{llama.VERSION}"
    part = component("library", "llama.cpp and ggml", llama.VERSION, licence("MIT"), purl, [("SHA-256", llama.SHA256)],
                     [("linked", "static"), ("source", llama.SOURCE)])
    inside = component("library", "nlohmann json of llama.cpp", llama.VERSION, licence("MIT"), purl + "#vendor/nlohmann", [("SHA-256", llama.SHA256)],
                       [("linked", "static")])
    return [part, inside]


def npm_parts():
    parts = []
    lock = json.loads((ROOT / "console" / "package-lock.json").read_text(encoding="utf-8"))
    for path, entry in sorted(lock["packages"].items()):
        if not path or entry.get("link"):
            continue
        name = path.split("node_modules/")[-1]
        algorithm, _, digest = entry["integrity"].partition("-")
        content = base64.b64decode(digest).hex()
        built = entry.get("dev", False)
        parts.append(component(
            "library", name, entry["version"], licence(entry.get("license", "LicenseRef-unknown")),
            f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}#{path}" if built else f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}",
            [({"sha512": "SHA-512", "sha256": "SHA-256", "sha1": "SHA-1"}[algorithm], content)],
            [("embedded", "no: builds the console" if built else "console")], "excluded" if built else "required"))
    return parts


def weight_parts():
    catalogue = yaml.safe_load((ROOT / "models" / "catalogue.yaml").read_text(encoding="utf-8"))
    return [component("machine-learning-model", model["name"], model["sha256"][:12], licence(model["licence"]),
                      f"pkg:generic/{model['name']}@{model['sha256'][:12]}", [("SHA-256", model["sha256"])],
                      [("file", model["file"]), ("fetched", "by set-up")], "optional")
            for model in catalogue["models"] if not model.get("listed")]  # of what is only listed nobody knows the hash


def vendored_parts():
    with open(ROOT / "tools" / "vendored.toml", "rb") as file:
        listed = tomllib.load(file).get("part", [])
    return [component(part.get("type", "data"), part["name"], part["version"], licence(part["licence"]),
                      f"pkg:generic/{part['name'].replace(' ', '-')}@{part['version']}", [("SHA-256", sha256(ROOT / part["path"]))],
                      [("path", part["path"]), ("source", part["source"])]) for part in listed]


def bill(troupe, build):
    parts, libraries, opened, missing = distribution_parts(troupe, build)
    parts += llama_parts() + npm_parts() + weight_parts() + vendored_parts()
    version = re.search(r"project\(troupe VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
    top = component("application", "troupe", version, licence("Apache-2.0"), f"pkg:generic/troupe@{version}", [("SHA-256", sha256(troupe))], [])
    del top["scope"]
    document = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": top, "tools": {"components": [{"type": "application", "name": "tools/sbom.py", "version": version}]}},
        "components": parts,
        "dependencies": [{"ref": top["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts if part["scope"] == "required"]}],
    }
    seed = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, seed)}"
    return document, libraries, opened, missing


# ---- checks

HASHES = {"SHA-1": 40, "SHA-256": 64, "SHA-512": 128}
TYPES = {"application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver", "firmware", "file",
         "machine-learning-model", "data"}


def malformed(document):
    """What CycloneDX 1.5 asks of the parts that are used here."""
    if document.get("bomFormat") != "CycloneDX" or document.get("specVersion") != "1.5" or document.get("version") != 1:
        yield "bomFormat, specVersion, version"
    if not re.fullmatch(r"urn:uuid:[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", document.get("serialNumber", "")):
        yield "serialNumber"
    references = set()
    for part in [document["metadata"]["component"], *document["components"]]:
        name = part.get("name") or "?"
        for key in ("name", "version", "purl"):
            if not isinstance(part.get(key), str) or not part[key]:
                yield f"{name}: {key}"
        if part.get("type") not in TYPES:
            yield f"{name}: type"
        if part.get("scope", "required") not in ("required", "optional", "excluded"):
            yield f"{name}: scope"
        if not re.match(r"pkg:[a-z]+/.+@.+", part.get("purl", "")):
            yield f"{name}: purl {part.get('purl')}"
        if part.get("bom-ref") in references:
            yield f"{name}: bom-ref is there twice"
        references.add(part.get("bom-ref"))
        for one in part.get("hashes") or [{}]:
            if len(one.get("content", "")) != HASHES.get(one.get("alg")) or not re.fullmatch("[0-9a-f]+", one["content"]):
                yield f"{name}: hash"
        for one in part.get("licenses") or [{}]:
            if not (one.get("expression") or one.get("license", {}).get("id") or one.get("license", {}).get("name")):
                yield f"{name}: licence"
            if one.get("license", {}).get("name", "").startswith("LicenseRef-unknown"):
                yield f"{name}: no licence is known"
    for edge in document["dependencies"]:
        yield from (f"dependency {ref} is no component" for ref in [edge["ref"], *edge["dependsOn"]] if ref not in references)


def incomplete(document, libraries, opened, missing):
    """What is in the program and not in the bill, each source asked on its own."""
    yield from (f"no package owns {path}" for path in missing)
    listed = {value["value"] for part in document["components"] for value in part["properties"]}
    yield from (f"{path} is linked" for path in libraries if path not in listed)
    names = {part["name"] for part in document["components"]}
    page = json.loads((ROOT / "console" / "package.json").read_text(encoding="utf-8"))
    yield from (f"npm {name} is embedded" for name in page["dependencies"] if name not in names)
    if len(libraries) < 10 or len(opened) < 100:
        yield "hardly anything was found: is the build folder right?"
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8").split("## Embedded")[0]
    for pattern in re.findall(r"`(src/[\w./*-]+)`", text):
        yield from (f"tools/vendored.toml does not name {path.relative_to(ROOT)}, which THIRD_PARTY.md does"
                    for path in sorted(ROOT.glob(pattern)) if str(path.relative_to(ROOT)) not in listed)
    # Each package that THIRD_PARTY.md says is linked: the library, or for what is only headers the package itself.
    sources = {value["value"] for part in document["components"] for value in part["properties"] if value["name"] == "troupe:source-package"}
    for package in sorted(set(re.findall(r"`(lib[\w.+-]+-dev|[\w.+-]+-dev)`", text))):
        source = output("dpkg-query", "-W", "-f", "${source:Package}", package)
        if source and source not in sources:
            yield f"THIRD_PARTY.md says that {package} is linked"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--troupe", required=True, type=pathlib.Path)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    document, libraries, opened, missing = bill(options.troupe, options.build)
    options.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    problems = [*malformed(document), *incomplete(document, libraries, opened, missing)] if options.check else []
    for problem in problems:
        print(f"sbom: {problem}")
    print(f"{options.out}: {len(document['components'])} components, {len(libraries)} shared libraries, {len(opened)} headers, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
