"""A model server that does as it is told: Ollama's and OpenAI's protocols, in its own process.

    python -m clawtrain_tests.scripted_server --port 0 --script script.json --log asked.jsonl

prints its port on the first line of stdout. Every chat request is appended to the log
before it is answered (prompt hash, seed, options, fault taken, requests under way, time), so
that a test can count what was asked twice. Without a script it answers verdicts to requests with
a schema, and otherwise a message, with a tool call when tools were given.

The script is JSON, all keys optional:

    {"latency_s": 0.0, "models": ["judge:1b"], "version": "0.33.0", "build": "", "parallel": 1,
     "faults": [{"kind": "status:503", "times": 2, "match": "text in the prompt"}],
     "scores": [7, 8, 7, 9, 8], "rules": [{"match": "text", "scores": [1, 2, 1, 2, 1]}],
     "says": "Answer", "keep": false, "takes": 512, "cold": false}

``"scores": "varied"`` draws them from the prompt, the same whenever it is asked. With more than
``takes`` requests under way the server refuses (503); ``cold``: only until it has answered one,
like a model that is being loaded. With ``keep`` the log holds what was asked, word for word.

Faults, taken in order while their ``times`` last (default: for ever), for prompts that hold
``match`` (default: all): ``status:NNN``, ``echo:NNN`` (a status whose message quotes the prompt),
``reset``, ``exit`` (the process ends), ``hang`` (this request), ``deaf`` (hangs on everything,
health included), ``error_line`` (a 200 that holds an error), ``done_false``, ``length``,
``thought_only`` (cut within its reasoning), ``empty``,
``too_long``, ``fence``, ``prose``, ``quoting`` (a verdict with a key that quotes the prompt),
``score_11``, ``score_string``, ``missing_field``, ``torn_call``, ``not_json``, ``html``.

``"flaky": {"share": 0.2, "passing": [kinds], "lasting": [kinds]}`` fails a share of all prompts:
the passing kinds the first time they are asked, the lasting ones whenever they are asked greedily.
With ``"memory": folder`` servers that share it know what each other failed, before a restart too.
``deaf`` lasts for ``"deaf_s"`` seconds then.
"""

import argparse
import asyncio
import contextlib
import hashlib
import heapq
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_QUEUE = 512


class Slots:
    """Places that each take the same time for every answer, by the clock.

    What waits is begun the moment a place comes free, however late this process gets to run, so
    that with always something waiting the rate is exactly places / time.
    """

    def __init__(self, count: int) -> None:
        self._free_at = [0.0] * count

    async def serve(self, seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        done_at = max(now, heapq.heappop(self._free_at)) + seconds
        heapq.heappush(self._free_at, done_at)
        await asyncio.sleep(done_at - now)


class Script:
    """The script and what of it is used up."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.latency_s = float(content.get("latency_s", 0.0))
        self.models = list(content.get("models", ["judge:1b", "candidate:1b"]))
        self.build = str(content.get("build", ""))
        self.version = str(content.get("version", "0.33.0"))
        self.slots = Slots(int(content.get("parallel", _QUEUE)))
        self.faults = [dict(fault) for fault in content.get("faults", [])]
        self.scores = content.get("scores", [7, 8, 7, 9, 8])
        self.rules = list(content.get("rules", []))
        self.flaky = dict(content.get("flaky", {}))
        self.deaf_s = float(content.get("deaf_s", 1.0))
        self._memory = Path(content["memory"]) if "memory" in content else None
        self._failed: set[str] = set()
        self.says = str(content.get("says", "Answer"))
        self.keep = bool(content.get("keep"))
        self.takes = int(content.get("takes", _QUEUE))
        self.cold = bool(content.get("cold"))
        self.warm = False

    def fault(self, prompt: str, temperature: float | None = None) -> str | None:
        for fault in self.faults:
            if fault.get("times", 1) > 0 and fault.get("match", "") in prompt:
                if "times" in fault:
                    fault["times"] -= 1
                return str(fault["kind"])
        return self._by_chance(prompt, temperature)

    def _by_chance(self, prompt: str, temperature: float | None) -> str | None:
        """The same prompts fail in the same way whenever they are asked, whoever was killed."""
        drawn = int(hashlib.sha256(prompt.encode()).hexdigest()[:8], 16)
        if not self.flaky or drawn % 100 >= 100 * self.flaky["share"]:
            return None
        kinds = [*self.flaky.get("passing", []), *self.flaky.get("lasting", [])]
        kind = str(kinds[drawn // 100 % len(kinds)])
        if kind in self.flaky.get("lasting", []):
            return None if temperature else kind
        return None if self._failed_before(prompt) else kind

    def _failed_before(self, prompt: str) -> bool:
        if self._memory is not None:
            try:
                (self._memory / hashlib.sha256(prompt.encode()).hexdigest()).touch(exist_ok=False)
            except FileExistsError:
                return True
            return False
        again = prompt in self._failed
        self._failed.add(prompt)
        return again

    def scores_for(self, prompt: str) -> list[int]:
        for rule in self.rules:
            if rule["match"] in prompt:
                return list(rule["scores"])
        if self.scores == "varied":
            drawn = hashlib.sha256(prompt.encode()).digest()
            return [3 + byte % 8 for byte in drawn[:5]]
        return self.scores


class Server:
    def __init__(self, script: Script, log: Path | None) -> None:
        self.script = script
        self._log = log.open("ab", buffering=0) if log else None
        self._under_way = 0
        self._deaf_until = 0.0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while (request := await _read_request(reader)) is not None:
                if not await self._respond(*request, writer):
                    break
        writer.close()

    async def _respond(self, path: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """False when the connection is to be closed."""
        deaf = any(fault["kind"] == "deaf" for fault in self.script.faults)
        if deaf or time.monotonic() < self._deaf_until:
            await asyncio.sleep(3600)
        if path == "/api/version":
            return await _send(writer, 200, {"version": self.script.version})
        if path == "/api/tags":
            return await _send(writer, 200, {"models": self._listed()})
        if path == "/api/show":
            shown = {
                "capabilities": ["completion", "tools"],
                "model_info": {"x.context_length": 8192},
            }
            return await _send(writer, 200, shown)
        if path == "/v1/models":
            entries = [
                {"id": m, "owned_by": "x", "created": time.time()} for m in self.script.models
            ]
            return await _send(writer, 200, {"data": entries})
        if path == "/v1/chat/completions":
            return await self._counted(_from_openai(json.loads(body)), writer, openai=True)
        if path != "/api/chat":
            return await _send(writer, 404, b"404 page not found")
        return await self._counted(json.loads(body), writer, openai=False)

    async def _counted(
        self, asked: dict[str, Any], writer: asyncio.StreamWriter, *, openai: bool
    ) -> bool:
        self._under_way += 1
        try:
            return await self._chat(asked, writer, openai=openai)
        finally:
            self._under_way -= 1

    async def _chat(
        self, asked: dict[str, Any], writer: asyncio.StreamWriter, *, openai: bool
    ) -> bool:
        prompt = "\n".join(message["content"] for message in asked["messages"])
        fault = self.script.fault(prompt, asked.get("options", {}).get("temperature"))
        self._note(asked, prompt, fault)
        if asked["model"] not in self.script.models:
            return await _send(writer, 404, {"error": f"model '{asked['model']}' not found"})
        if self._under_way > self.script.takes and not (self.script.cold and self.script.warm):
            return await _send(writer, 503, {"error": "server busy, please try again."})
        await self.script.slots.serve(self.script.latency_s)
        if fault == "exit":
            os._exit(1)
        if fault == "deaf":
            self._deaf_until = time.monotonic() + self.script.deaf_s
        if fault in ("hang", "deaf"):
            await asyncio.sleep(3600)
        if fault == "reset":
            writer.transport.abort()
            return False
        if fault is not None and fault.startswith("status:"):
            return await _send(writer, int(fault.removeprefix("status:")), {"error": "scripted"})
        if fault is not None and fault.startswith("echo:"):
            said = {"error": f"{asked['model']} does not support {prompt}"}
            return await _send(writer, int(fault.removeprefix("echo:")), said)
        if fault == "too_long":
            inner = {"code": 400, "type": "exceed_context_size_error", "message": "request exceeds"}
            return await _send(writer, 400, {"error": json.dumps({"error": inner})})
        if fault == "error_line":
            return await _send(writer, 200, {"error": "runner has unexpectedly stopped"})
        if fault == "html":
            return await _send(writer, 200, b"<html>welcome to my router</html>")
        self.script.warm = True
        answer = self._answer(asked, prompt, fault)
        return await _send(writer, 200, _to_openai(answer) if openai else answer)

    def _answer(self, asked: dict[str, Any], prompt: str, fault: str | None) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": ""}
        if asked.get("format"):
            message["content"] = _verdict(
                asked["format"], self.script.scores_for(prompt), fault, prompt
            )
        else:
            digest = hashlib.sha256(prompt.encode()).hexdigest()
            message["content"] = f"{self.script.says} {digest[:8]}."
            if asked.get("tools"):
                function = asked["tools"][0]["function"]
                required = function["parameters"].get("required") or []
                arguments = dict.fromkeys(required, "value")
                call = {"name": function["name"], "arguments": arguments}
                message["tool_calls"] = [{"id": "call_1", "function": call}]
        if fault == "torn_call":
            message["tool_calls"] = [{"function": {"name": "exec", "arguments": '{"comm'}}]
        if fault in ("empty", "thought_only"):
            message = {"role": "assistant", "content": "", "thinking": "Let me think"}
        answer = {
            "model": asked["model"],
            "message": message,
            "done": fault != "done_false",
            "done_reason": "length" if fault in ("length", "thought_only") else "stop",
            "prompt_eval_count": len(prompt) // 4,
            "eval_count": len(message["content"]) // 4 + 1,
        }
        if fault == "done_false":
            del answer["done_reason"]
        return answer

    def _listed(self) -> list[dict[str, str]]:
        build = self.script.build
        digests = {m: hashlib.sha256((m + build).encode()).hexdigest() for m in self.script.models}
        return [{"name": model, "digest": digest} for model, digest in digests.items()]

    def _note(self, asked: dict[str, Any], prompt: str, fault: str | None) -> None:
        if self._log is None:
            return
        options = asked.get("options", {})
        line = {
            "hash": hashlib.sha256(prompt.encode()).hexdigest(),
            "seed": options.get("seed"),
            "options": options,
            "truncate": asked.get("truncate"),
            "schema": bool(asked.get("format")),
            "tools": len(asked.get("tools", [])),
            "fault": fault,
            "under_way": self._under_way,
            "at": time.time(),
        }
        if self.script.keep:
            line["asked"] = asked
        self._log.write(json.dumps(line).encode() + b"\n")


def _verdict(schema: dict[str, Any], scores: list[int], fault: str | None, prompt: str = "") -> str:
    if "answer" in schema["properties"]:
        return '{"answer": "yes"}'
    if "scores" in schema["properties"]:
        return json.dumps({"evidence": "quoted", "reason": "so", "scores": scores})
    if any("enum" in kind for kind in schema["properties"].values()):
        first = {key: kind.get("enum", ["quoted"])[0] for key, kind in schema["properties"].items()}
        return json.dumps(first)
    verdict: dict[str, Any] = {
        key: {"evidence": "quoted", "reason": "because", "score": score}
        for key, score in zip(sorted(schema["properties"]), scores, strict=True)
    }
    if fault == "score_11":
        verdict[max(verdict)]["score"] = 11
    if fault == "score_string":
        verdict[max(verdict)]["score"] = "8"
    if fault == "missing_field":
        del verdict[max(verdict)]
    if fault == "quoting":
        verdict[prompt] = {"evidence": prompt, "reason": prompt, "score": prompt}
    if fault == "prose":
        return "I would rather give this turn an eight."
    if fault == "not_json":
        return json.dumps(verdict)[:-30]
    text = json.dumps(verdict)
    return f"```json\n{text}\n```" if fault == "fence" else text


def _from_openai(asked: dict[str, Any]) -> dict[str, Any]:
    form = asked.get("response_format", {}).get("json_schema", {}).get("schema")
    options = {"seed": asked.get("seed"), "temperature": asked.get("temperature")}
    return asked | {"format": form, "options": options}


def _to_openai(answer: dict[str, Any]) -> dict[str, Any]:
    message = dict(answer["message"])
    message["reasoning_content"] = message.pop("thinking", "")
    for call in message.get("tool_calls", []):
        arguments = call["function"]["arguments"]
        if isinstance(arguments, dict):
            call["function"]["arguments"] = json.dumps(arguments)
    choice = {"message": message, "finish_reason": answer.get("done_reason", "")}
    usage = {
        "prompt_tokens": answer["prompt_eval_count"],
        "completion_tokens": answer["eval_count"],
    }
    return {"choices": [choice], "usage": usage}


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, bytes] | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    lines = head.decode("latin-1").split("\r\n")
    headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines[1:]}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return lines[0].split(" ")[1], body


async def _send(writer: asyncio.StreamWriter, status: int, body: dict[str, Any] | bytes) -> bool:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "text/html" if isinstance(body, bytes) else "application/json"
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
    writer.write(head.encode() + data)
    await writer.drain()
    return True


class Running:
    """A started server: its ``url``, what it was ``asked``, ``stop`` and ``start`` again."""

    def __init__(self, folder: Path, script: dict[str, Any]) -> None:
        self._log = folder / "asked.jsonl"
        self._file = folder / "script.json"
        self.script = dict(script)  # what it is at the next start
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[dict[str, Any]]:
        if not self._log.exists():
            return []
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def start(self) -> None:
        self._file.write_text(json.dumps(self.script))
        command = [sys.executable, "-m", "clawtrain_tests.scripted_server"]
        command += [
            "--port",
            str(self.port),
            "--script",
            str(self._file),
            "--log",
            str(self._log),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@contextlib.contextmanager
def scripted_server(script: dict[str, Any] | None = None) -> Iterator[Running]:
    """A server in a process of its own for the length of a ``with`` block."""
    with tempfile.TemporaryDirectory() as folder:
        running = Running(Path(folder), script or {})
        try:
            yield running
        finally:
            running.stop()


async def _serve(port: int, script: dict[str, Any], log: Path | None) -> None:
    handler = Server(Script(script), log)
    server = await asyncio.start_server(handler.handle, "127.0.0.1", port, limit=2**26)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--latency", type=float, help="seconds; overrides the script")
    chosen = parser.parse_args()
    script = json.loads(chosen.script.read_text()) if chosen.script else {}
    if chosen.latency is not None:
        script["latency_s"] = chosen.latency
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(chosen.port, script, chosen.log))


if __name__ == "__main__":
    main()
