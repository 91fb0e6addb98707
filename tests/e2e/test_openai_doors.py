"""Who is let in to OpenAI's paths, what a player may say there, and answers that are given again."""
from rig import Place, Server, check


def ask(server: Server, text: str, tokens: int = 12, **headers: str) -> dict:
    body = {"model": "silver", "max_tokens": tokens, "messages": [{"role": "user", "content": text}]}
    return server.post("/v1/chat/completions", body, **headers)


def cache(server: Server) -> dict:
    return {name: int(value) for name, value in server.call("router.Status", {})["cache"].items()}


def players(server: Server) -> None:
    as_player = {"X-Troupe-Player": "anna"}
    foul = ask(server, "Say it again, you stupid cunt.", **as_player)
    check(foul["status"] == 400 and foul["error"]["code"] == "ai.held_back", f"what a player may not say reaches no model: {foul}")
    fine = ask(server, "Good day to you.", 120, **as_player)  # players hear whole sentences only
    check(bool(fine.get("choices")), f"a player who is let in gets an answer: {fine}")
    server.wait_until("what was held back is on record", lambda: [
        event for event in server.call("events.History", {"type": "GuardrailViolated"})["events"]
        if event["payload"]["door"] == "v1.chat" and event["payload"]["player"] == "anna"] != [])


def by_meaning(server: Server) -> None:
    server.wait_until("what the world reads at its start is read", lambda: server.call("router.Status", {})["thoughts"] != [] and all(
        thought["state"] == "ended" for thought in server.call("router.Status", {})["thoughts"]))
    first = ask(server, "Where can a traveller sleep in this town?", **{"X-Troupe-Cache": "meaning"})["choices"][0]["message"]["content"]
    again = ask(server, "Where can a traveller sleep in this town, please?", **{"X-Troupe-Cache": "meaning"})["choices"][0]["message"]["content"]
    counted = cache(server)
    check(again == first and counted["by_meaning"] == 1, f"the same in other words gets the same answer: {first!r}, {counted}")
    ask(server, "What does a herring cost at the market?", **{"X-Troupe-Cache": "meaning"})
    ask(server, "Where can a traveller sleep in this town, please?")
    check(cache(server)["by_meaning"] == 1, "another question does not, nor one that is not marked")
    wrong = ask(server, "a", **{"X-Troupe-Cache": "always"})
    check(wrong["status"] == 400, f"a cache that is none is refused: {wrong['error']['message']}")


def test(place: Place) -> None:
    server = Server(place)
    closed = ask(server, "Good day.", **{"X-Troupe-Player": "anna"})
    check(closed["status"] == 403 and closed["error"]["code"] == "openai.players", "players are not let in by default")
    by_meaning(server)
    server.end()
    server = Server(place, {"openai.players": True})
    players(server)
