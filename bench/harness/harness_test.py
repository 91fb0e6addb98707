"""The pure part of the harness. Run: python3 -m unittest discover -s bench/harness -t bench -p '*_test.py'"""
import http.server
import json
import math
import threading
import unittest
import xml.etree.ElementTree

from harness import calibration, calls, figures, frontier, histogram, open_loop, pictures, place, rounds
from harness.llama import read_stream
from harness.rounds import interleave


class Figures(unittest.TestCase):
    def test_median_and_spread(self):
        self.assertEqual(figures.median([3, 1, 2]), 2)
        self.assertEqual(figures.median([4, 1, 2, 3]), 2.5)
        self.assertEqual(figures.spread([8, 10, 12]), 0.4)
        self.assertEqual(figures.spread([0, 0]), 0)

    def test_percentile_is_one_of_the_values(self):
        self.assertEqual(figures.percentile(list(range(1, 101)), 0.99), 99)
        self.assertEqual(figures.percentile([5, 1, 3], 0.99), 5)
        self.assertEqual(figures.percentile([5, 1, 3], 0.5), 3)
        self.assertEqual(figures.percentile([7], 0.01), 7)

    def test_a_ratio_above_one_is_better_for_us(self):
        self.assertEqual(figures.ratio(20, 10, "higher"), 2)
        self.assertEqual(figures.ratio(20, 10, "lower"), 0.5)
        self.assertEqual(figures.ratio(0, 0, "lower"), 1)
        self.assertEqual(figures.ratio(1, 0, "lower"), 0)
        self.assertEqual(figures.ratio(0, 1, "lower"), float("inf"))

    def test_a_result_says_everything(self):
        row = figures.compare("bus.x", "us", "lower", [1.0, 3.0, 2.0], [4.0, 4.0, 8.0], "a peer", "ratio >= 2")
        self.assertEqual(row, {"name": "bus.x", "unit": "us", "ours": 2.0, "peer": 4.0, "peer_name": "a peer", "ratio": 2.0,
                               "better": "lower", "runs": 3, "spread": 1.0, "peer_spread": 1.0, "goal": "ratio >= 2", "met": True})
        self.assertEqual(json.loads(figures.line(row)), row)

    def test_a_tail_is_of_all_runs_together(self):
        row = figures.compare_tail("x", "ms", 0.99, [[1, 2], [3, 40]], [[10, 400], [20, 30]], "a peer", "ratio >= 10")
        self.assertEqual((row["ours"], row["peer"], row["runs"], row["values"], row["met"]), (40, 400, 2, 4, True))
        self.assertEqual(row["spread"], figures.short(38 / 21))

    def test_a_ratio_to_nothing_is_no_number_in_json(self):
        row = figures.compare("x", "share", "lower", [0.1], 0.0, "none")
        self.assertEqual(row["ratio"], 0)
        row = figures.compare("x", "share", "lower", [0.0], 0.1, "some")
        self.assertIn("inf", figures.table([row]))
        self.assertIsNone(json.loads(figures.line(row))["ratio"])

    def test_a_missed_goal_is_told(self):
        row = figures.compare("bus.x", "us", "lower", [2.5], 1.0, "limit", "ours < 2")
        self.assertFalse(row["met"])
        self.assertIn("MISSED", figures.table([row]))
        self.assertRaises(ValueError, figures.Goal("as fast as it can be").met, row)

    def test_columns_of_the_table_stand_below_each_other(self):
        rows = [figures.compare(name, "us", "lower", [value], 1.0, "limit") for name, value in (("a", 1.0), ("longer", 1234.5))]
        lines = figures.table(rows).splitlines()
        self.assertEqual(len({text.index("us") if "us" in text[12:] else text.index("unit") for text in lines}), 1)

    def test_the_nearest_name(self):
        self.assertEqual(figures.unknown("tokns", ["bus", "tokens"]), "no benchmark 'tokns'; did you mean 'tokens'?")
        self.assertEqual(figures.unknown("xyz", ["bus"]), "no benchmark 'xyz'; there are: bus")


class Calibration(unittest.TestCase):
    def test_who_is_right_as_often_as_sure_has_no_error(self):
        judged = [([0.75, 0.25], {0})] * 3 + [([0.75, 0.25], {1})]
        self.assertEqual(calibration.accuracy(judged), 0.75)
        self.assertAlmostEqual(calibration.error(judged), 0)

    def test_who_is_too_sure_has(self):
        judged = [([1.0, 0.0], {0}), ([1.0, 0.0], {1})]
        self.assertAlmostEqual(calibration.error(judged), 0.5)

    def test_the_fitted_temperature_takes_it_away(self):
        judged = [([0.99, 0.01], {0})] * 3 + [([0.99, 0.01], {1})]
        temperature = calibration.fit(judged)
        self.assertGreater(temperature, 3)
        self.assertAlmostEqual(calibration.at_temperature([0.99, 0.01], temperature)[0], 0.75, places=3)
        self.assertLess(calibration.error(judged, temperature), 0.001)

    def test_several_answers_may_be_right(self):
        judged = [([0.4, 0.4, 0.2], {0, 1}), ([0.2, 0.2, 0.6], {0, 1})]
        self.assertEqual(calibration.accuracy(judged), 0.5)
        self.assertGreater(calibration.fit(judged), 0.1)


class Frontier(unittest.TestCase):
    POINTS = [frontier.Point(10, 0.5, "fast", "a"), frontier.Point(100, 0.9, "good <&>", "b"), frontier.Point(110, 0.8, "beaten", "a"),
              frontier.Point(90, 0.4, "beaten too", "b", peer=True), frontier.Point(11, 0.5, "beaten as well", "a")]

    def test_what_nothing_beats(self):
        self.assertEqual([point.label for point in frontier.frontier(self.POINTS)], ["fast", "good <&>"])

    def test_ticks(self):
        self.assertEqual(frontier.ticks(8, 250), [10, 20, 50, 100, 200])

    def test_the_picture_holds_every_point_and_label(self):
        root = xml.etree.ElementTree.fromstring(frontier.svg("A title", "ms", "right", self.POINTS, goal=(100, 0.8)))
        names = [element.tag.rpartition("}")[2] for element in root.iter()]
        texts = {element.text for element in root.iter() if element.tag.endswith("text")}
        self.assertEqual(names.count("circle"), len(self.POINTS))
        self.assertLessEqual({point.label for point in self.POINTS} | {"A title", "goal"}, texts)

    def test_labels_do_not_lie_on_each_other(self):
        same = [frontier.Point(50, 0.5, f"point {i}", "a") for i in range(6)]
        spots = frontier.place_labels(same, frontier.Scale(same, (100, 0.8)))
        self.assertEqual(len(set(spots)), len(same))

    def test_better_is_higher_and_faster_is_left(self):
        scale = frontier.Scale(self.POINTS, None)
        self.assertLess(scale.x(10), scale.x(100))
        self.assertLess(scale.y(0.9), scale.y(0.5))


class Rounds(unittest.TestCase):
    def test_sides_take_turns_and_the_warm_up_does_not_count(self):
        seen = []

        def side(name):
            return lambda number: seen.append((name, number)) or {"n": number, "many": [number, number]}

        found = interleave({"a": side("a"), "b": side("b")}, rounds=2)
        self.assertEqual(seen, [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)])
        self.assertEqual(found["a"], {"n": [1, 2], "many": [1, 1, 2, 2]})


class Pictures(unittest.TestCase):
    def words(self, svg):
        return [text.text for text in xml.etree.ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]

    def test_a_distribution_ends_at_its_largest_value(self):
        svg = pictures.distribution("T", "ms", {"ours & co": [1, 10], "peer": [100, 1000]}, limit=50)
        self.assertIn("ours & co", self.words(svg))
        ends = [line.get("points").split()[-1] for line in xml.etree.ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}polyline")]
        self.assertEqual(len(ends), 2)
        self.assertLess(float(ends[0].split(",")[0]), float(ends[1].split(",")[0]))
        self.assertEqual({end.split(",")[1] for end in ends}, {f"{pictures.TOP + 22:.1f}"})

    def test_bars_say_their_share(self):
        words = self.words(pictures.bars("T", {"met": {"ours": 0.8, "fifo": 0.25}}))
        self.assertIn("80 %", words)
        self.assertIn("25 %", words)

    def test_all_ratios_also_those_without_a_number(self):
        rows = [{"name": "a", "ratio": 20.0, "goal": "ratio >= 10", "met": True}, {"name": "b", "ratio": None, "goal": "ours < 1", "met": True},
                {"name": "c", "ratio": 0.01, "goal": "ratio >= 1", "met": False}, {"name": "no goal", "ratio": 3.0}]
        words = self.words(pictures.ratios("T", rows))
        self.assertIn("20 (ratio >= 10: met)", words)
        self.assertIn("more (ours < 1: met)", words)
        self.assertIn("0.01 (ratio >= 1: missed)", words)
        self.assertNotIn("no goal", words)


class Rounds(unittest.TestCase):
    def tearDown(self):
        rounds.form.smoke = False

    def test_a_smoke_run_is_one_round_that_counts(self):
        rounds.form.smoke = True
        self.assertEqual(interleave({"a": lambda number: {"n": number}}), {"a": {"n": [1]}})


class Stream(unittest.TestCase):
    def test_the_first_token_is_the_first_text(self):
        events = [b'data: {"choices":[{"delta":{"role":"assistant","content":null}}]}\n', b"\n",
                  b'data: {"choices":[{"delta":{"content":"Aye"}}]}\n',
                  b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1}}\n', b"data: [DONE]\n"]
        stream = read_stream(iter(events), [0.0])
        self.assertGreater(stream.first_ms, 0)
        self.assertGreaterEqual(stream.total_ms, stream.first_ms)
        self.assertEqual((stream.prompt_tokens, stream.new_tokens), (7, 1))


class Calls(unittest.TestCase):
    def test_moments_come_as_often_as_asked_for_and_are_the_same_again(self):
        moments = calls.poisson(10, 1000, 101_000, 7)
        self.assertEqual(moments, calls.poisson(10, 1000, 101_000, 7))
        self.assertNotEqual(moments, calls.poisson(10, 1000, 101_000, 8))
        self.assertEqual(moments, sorted(moments))
        self.assertTrue(1000 < moments[0] and moments[-1] < 101_000)
        self.assertAlmostEqual(len(moments), 1000, delta=130)  # four standard deviations

    def test_both_sides_are_asked_the_same(self):
        call = calls.choice(1, 0, 500)
        body = calls.as_chat(call)
        self.assertEqual(body["messages"][0]["content"], call["context"])
        self.assertIn(call["scene"], body["messages"][1]["content"])
        self.assertTrue(all(f"\n{letter}. {option}\n" in body["messages"][1]["content"] for letter, option in zip("ABCD", call["options"])))
        self.assertEqual(body["grammar"], 'root ::= "A" | "B" | "C" | "D"')
        told = calls.story(1, 50)
        self.assertNotIn("deadline", told)
        self.assertEqual(calls.as_chat(told)["max_tokens"], 50)


class OpenLoop(unittest.TestCase):
    def test_each_call_at_its_moment_and_stories_until_the_end(self):
        seen = []

        class Answers(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                seen.append(body)
                text = json.dumps({"usage": {"prompt_tokens": 9}}) if not body.get("stream") else "data: {}\n\n" * 3
                self.send_response(200 if body["max_tokens"] != 3 else 500)
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(text.encode() if body["max_tokens"] != 3 else b"no")

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.addCleanup(server.shutdown)
            plan = [calls.talk("a", 0, 10_000, 1, 5), calls.talk("b", 50, 0, 1, 5), calls.talk("c", 0, 10_000, 1, 3), calls.story("d", 7)]
            played = open_loop.play(server.server_port, plan, 100)
        self.assertEqual(played.met, [True, False, False])  # the second had no time, the third was refused
        self.assertEqual(played.tokens, [9, 9, 0])
        self.assertGreater(played.written_per_s, 0)
        self.assertGreater(sum(body["max_tokens"] == 7 for body in seen), 1, "a story goes on")


class Histogram(unittest.TestCase):
    TEXT = ('late_bucket{world="a",le="0.001"} 10\nlate_bucket{world="a",le="0.005"} 90\nlate_bucket{world="a",le="+Inf"} 100\n'
            'late_bucket{world="b",le="0.001"} 0\nlate_bucket{world="b",le="0.005"} 0\nlate_bucket{world="b",le="+Inf"} 0\n'
            'late_sum{world="a"} 3\nother_bucket{le="0.001"} 7\n')

    def test_of_what_came_in_between(self):
        counts = histogram.buckets(self.TEXT, "late")
        self.assertEqual(counts, {0.001: 10, 0.005: 90, math.inf: 100})
        self.assertEqual(histogram.between({0.001: 4}, counts), {0.001: 6, 0.005: 90, math.inf: 100})

    def test_quantiles_as_prometheus_has_them(self):
        counts = {0.001: 10, 0.005: 90, math.inf: 100}
        self.assertAlmostEqual(histogram.quantile(counts, 0.05), 0.0005)
        self.assertAlmostEqual(histogram.quantile(counts, 0.5), 0.003)
        self.assertEqual(histogram.quantile(counts, 0.99), 0.005)
        self.assertEqual(histogram.quantile({0.001: 5, math.inf: 5}, 0.99), 0.00099)


class Names(unittest.TestCase):
    def test_the_command_line_lists_every_benchmark(self):
        help_text = (place.ROOT / "src" / "cli" / "commands_table.cpp").read_text(encoding="utf-8")
        for script in (place.ROOT / "bench").glob("*/bench.py"):
            self.assertIn(f"  {script.parent.name} ", help_text)


if __name__ == "__main__":
    unittest.main()
