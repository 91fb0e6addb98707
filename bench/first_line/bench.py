"""First line to anybody on a fresh start: default weights, an empty data folder, spoken to as soon as it is ready, against llama-server.

Each round starts a server of each side anew. Ours has all that is loaded by default; a player whom nobody knows speaks to each person of the
town, one after the other, and the first of these talks is the one of the goal. llama-server has the 1.5B weights of our silver tier alone and gets
our prompt of the same line. Seen by a client over HTTP, from the line to the first word.
"""
from first_word.bench import CONTEXT, MODEL, Town, ask_server
from harness import place
from harness.figures import compare, compare_tail
from harness.llama import Server
from harness.place import setup
from harness.rounds import interleave
from harness.troupe import Up

LINES = ("Who are you?", "Good day to you.", "What does a herring cost?", "Where can I sleep tonight?", "What is that smell?",
         "Have you heard anything strange?", "What time is it?", "Who keeps the light?", "May I sit with you for a while?")
TARGETS = ("troupe",)


def run(tell):
    prompts = []

    def ours(number):
        with Up(f"models.dir: {setup()['models_dir']}\n") as up:
            town = Town(up)
            lines = [LINES[(number + place_of) % len(LINES)] for place_of in range(len(town.people))]
            taken = [town.speak(who["id"], f"stranger-{number}", line) for who, line in zip(town.people, lines)]
            prompts[:] = [town.ask("npc.Prompt", {"npc": who["id"], "player": f"reader-{number}", "text": line})["messages"]
                          for who, line in zip(town.people, lines)]
        return {"first": taken[0], "lines": [taken]}

    def peer(number):
        if not prompts:
            ours(number)
        with Server(place.weights(MODEL), parallel=1, context=CONTEXT) as server:
            taken = [ask_server(server, messages) for messages in prompts[:3]]
        return {"first": taken[0], "lines": [taken]}

    found = interleave({"ours": ours, "llama-server": peer}, tell=tell)
    mine, theirs = found["ours"], found["llama-server"]
    return [
        compare("first_line.first", "ms", "lower", mine["first"], theirs["first"], "llama-server, our prompt", "ours < 2000"),
        compare_tail("first_line.p99", "ms", .99, mine["lines"], theirs["lines"], "llama-server, our prompts", "ours < 300"),
    ]
