"""The binary as its user meets it: talk, why, the OpenAI paths, kill -9, restart, replay."""
import json
import signal
import subprocess

from rig import Place, Server, check


def test(place: Place) -> None:
    server = Server(place)
    check(json.loads(server.get("/readyz"))["ready"], "/readyz is ready")
    check("/api/npc/Talk" in json.loads(server.get("/openapi.json"))["paths"], "/openapi.json describes npc.Talk")

    # What is said counts here, on whatever machine; and what a model says that small, on some machines none may hear.
    for name in ("anna", "ben", "cara", "dan", "eva", "finn"):
        said = json.loads(server.run("talk", "marta", "What happened to the keeper?", "--as", name, "--json", "--deadline", "60000"))
        check(bool(said["text"]), "marta answers")
        if said["tier"] == "silver":
            break
    check(said["tier"] == "silver" and said["model"] == "smollm2-135m", "with a model's words")
    why = server.call("world.Why", {"event_id": said["event_id"]})
    check("keeper" in json.dumps(why["chain"][0]["decision"]["prompt"]).lower(), "why shows the prompt")
    check(why["chain"][1]["type"] == "DialogueStarted", "and what caused the answer")

    check(b'troupe_rpc_total{code="ok",method="npc.Talk"}' in server.get("/metrics"), "/metrics counts it")

    error = server.call("npc.Talk", {"npc": "marat", "text": "hello"})["error"]
    check(error["message"] == "no NPC 'marat' here; did you mean 'marta'?", "a typing error gets a hint")
    error = server.call("npc.Talk", {"npc": "marta", "text": "x" * 5000})["error"]
    check(error["reason"] == "npc.text_too_long", "a text that is too long is refused")

    chat = server.post("/v1/chat/completions", {"model": "silver", "max_tokens": 8,
                                                "messages": [{"role": "user", "content": "Say hello."}]})
    check(bool(chat["choices"][0]["message"]["content"]), "OpenAI's path answers")
    vectors = server.post("/v1/embeddings", {"model": "minilm-l6-v2", "input": ["a lamp", "a lantern"]})
    check(len(vectors["data"]) == 2 and len(vectors["data"][0]["embedding"]) == 384, "and embeds")

    before = server.call("time.Advance", {"by_ms": 36_000_000})
    check(int(before["now_ms"]) >= 61_200_000, "time goes forward")
    decided = server.call("events.History", {"type": "NpcDecided", "limit": 5})["events"]
    check(len(decided) > 0, "people have decided things meanwhile")
    check("options" in server.run("why", decided[0]["id"]).lower() or decided[0]["payload"]["options"], "and why")

    server.kill(signal.SIGKILL)
    server.start()
    after = server.call("time.Get", {})
    check(int(after["now_ms"]) >= int(before["now_ms"]), "kill -9 does not turn the clock back")
    found = server.call("npc.Recall", {"npc": "marta", "query": "keeper", "listener": "anna"})["memories"]
    check(any("What happened to the keeper?" in memory["text"] for memory in found), "nor makes anybody forget")
    check(server.call("world.Verify", {})["problem"] == "", "the log is intact")
    check(server.kill(signal.SIGTERM) == 0, "SIGTERM ends it cleanly")

    part = Server(place, data=server.data, flags=("--no-models", "--services", "time,weather,state,world"))
    services = json.loads(part.get("/readyz"))["services"]
    check(services["running"] == 4 and services["of"] == 21, "a part of the services runs")
    check("Services: 4 of 21 run; left out: " in part.run("status"), "status says which are left out")
    check(part.call("npc.List", {})["error"]["reason"] == "service.away", "the others are away")
    part.call("time.Advance", {"by_ms": 36_000_000})
    check(part.kill(signal.SIGTERM) == 0, "that ends cleanly, too")
    server.start()
    check(len(server.call("npc.List", {})["npcs"]) == 9, "everybody is back")
    check(server.kill(signal.SIGTERM) == 0, "and once more")
    replay = subprocess.run([place.troupe, "world", "replay", "--data", str(server.data), "--json"], capture_output=True,
                            text=True, timeout=120)
    check(replay.returncode == 0 and json.loads(replay.stdout)["same"],
          f"a replay reaches the same state: {replay.stdout.strip()} {replay.stderr.strip()}")
