"""What becomes of a line when it is typed carelessly: in lower case without punctuation, or with one typing error."""
import random
import re
import unicodedata

SHORTEST = 4  # letters of a word in which somebody errs: shorter ones become other words
WORD = re.compile(rf"[^\W\d_]{{{SHORTEST},}}")
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")  # each a key further right than the one above


def neighbours(letter):
    """The keys beside that of a letter in its row, and those above and below it."""
    found = ""
    for number, row in enumerate(ROWS):
        at = row.find(letter.lower())
        if at < 0:
            continue
        found += row[max(at - 1, 0):at] + row[at + 1:at + 2]
        if number > 0:
            found += ROWS[number - 1][at:at + 2]
        if number + 1 < len(ROWS):
            found += ROWS[number + 1][max(at - 1, 0):at + 1]
    return found.upper() if letter.isupper() else found


def careless(line):
    """Lower case without punctuation; a line of nothing else stays as it is."""
    kept = "".join(letter for letter in line.replace("-", " ") if not unicodedata.category(letter).startswith("P"))
    return " ".join(kept.lower().split()) or line


def swapped(word, at, _):
    return word[:at] + word[at + 1:at + 2] + word[at] + word[at + 2:]


def dropped(word, at, _):
    return word[:at] + word[at + 1:]


def doubled(word, at, _):
    return word[:at + 1] + word[at:]


def beside(word, at, chance):
    near = neighbours(word[at])
    return word[:at] + chance.choice(near) + word[at + 1:] if near else word


ERRORS = (swapped, dropped, doubled, beside)


def mistyped(line, seed=0):
    """With one typing error in a word of four letters or more, always the same one; a line without such a word stays as it is."""
    words = list(WORD.finditer(line))
    if not words:
        return line
    chance = random.Random(f"{seed} {line}")
    while True:
        hit = chance.choice(words)
        word = chance.choice(ERRORS)(hit.group(), chance.randrange(len(hit.group())), chance)
        if word != hit.group():  # two equal letters change places, or a letter that no row has
            return line[:hit.start()] + word + line[hit.end():]
