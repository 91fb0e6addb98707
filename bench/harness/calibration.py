"""Do probabilities mean what they say? Pure; the arithmetic of src/inference/choice.cpp, for more than one right answer.

A judged choice is (probabilities, places that are right).
"""
import math

BINS = 10
LEAST = 1e-12


def at_temperature(probabilities, temperature):
    scores = [math.log(max(p, LEAST)) / temperature for p in probabilities]
    most = max(scores)
    weights = [math.exp(score - most) for score in scores]
    return [weight / sum(weights) for weight in weights]


def best(probabilities):
    return max(range(len(probabilities)), key=probabilities.__getitem__)


def accuracy(judged):
    return sum(best(p) in right for p, right in judged) / len(judged)


def error(judged, temperature=1.0):
    """Expected calibration error: how far confidence and accuracy are apart, over ten bins of confidence."""
    confidence, right_in = [0.0] * BINS, [0.0] * BINS
    for probabilities, right in judged:
        p = at_temperature(probabilities, temperature)
        choice = best(p)
        place = min(BINS - 1, int(p[choice] * BINS))
        confidence[place] += p[choice]
        right_in[place] += choice in right
    return sum(abs(sure - real) for sure, real in zip(confidence, right_in)) / len(judged)


def fit(judged):
    """The temperature, 0.1 to 10, at which what is right is likeliest."""
    def loss(log_temperature):
        temperature = math.exp(log_temperature)
        return -sum(math.log(max(LEAST, sum(at_temperature(p, temperature)[place] for place in right))) for p, right in judged)
    low, high = math.log(0.1), math.log(10)
    for _ in range(40):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if loss(a) < loss(b) else (a, high)
    return math.exp((low + high) / 2)
