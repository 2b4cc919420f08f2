"""A site of made-up guides, the same for the same number: real in its sizes and its mix, not in its words."""

import itertools
import pathlib
import random

#: Guides in one folder, its index included.
FOLDER = 25
SYLLABLES = [a + b for a in "b c d f g l m n p r s t v st tr pl".split() for b in "a e i o u an er il on us".split()]


class Words:
    """Words as prose has them: a few thousand, some far more frequent than others (Zipf's law)."""

    def __init__(self, dice):
        self.all = sorted({"".join(dice.choices(SYLLABLES, k=dice.choice((1, 2, 2, 3, 3, 4)))) for _ in range(9000)})
        dice.shuffle(self.all)
        self.weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self.all))))
        self.dice = dice

    def some(self, least, most):
        return self.dice.choices(self.all, cum_weights=self.weights, k=self.dice.randint(least, most))

    def sentence(self):
        return " ".join(self.some(7, 22)).capitalize() + "."


def write(folder, count):
    """Writes `count` guides of about 10 KB below `folder`; answers how many bytes of Markdown that is."""
    dice = random.Random(20261124)
    words = Words(dice)
    total = 0
    for number in range(count):
        file = pathlib.Path(folder, file_of(number))
        file.parent.mkdir(parents=True, exist_ok=True)
        text = guide(number, count, words, dice)
        file.write_text(text)
        total += len(text.encode())
    return total


def mark(number):
    """The word that only guide `number` has."""
    return f"zq{number:05}zq"


def file_of(number, index="index.md"):
    """The file of guide `number`, relative to the site; `index` is what the site calls a folder's own page."""
    path = address(number).strip("/")
    return f"{path}.md" if number % FOLDER else f"{path}/{index}".lstrip("/")


def address(number):
    """Where guide `number` is: the first of each folder is its index."""
    if number == 0:
        return "/"
    chapter, place = divmod(number, FOLDER)
    part = f"/part-{chapter // 20:03}/chapter-{chapter:04}/"
    return part if place == 0 else f"{part}guide-{number:05}/"


def guide(number, count, words, dice):
    title = " ".join(words.some(2, 5)).capitalize()
    out = [f"---\ntitle: {title} {number}\ndescription: {words.sentence()}\n---\n\n# {title} {number}\n"]
    for section in range(dice.randint(4, 9)):
        out.append(f"## {' '.join(words.some(2, 6)).capitalize()} {section}\n")
        for _ in range(dice.randint(1, 4)):
            out.append(block(number, count, words, dice))
    out.append(f"The mark of this guide is {mark(number)}.\n")
    return "\n".join(out)


def block(number, count, words, dice):
    kind = dice.random()
    if kind < 0.60:
        text = " ".join(words.sentence() for _ in range(dice.randint(3, 8)))
        near = address(dice.randrange(count))
        return text.replace(" ", f" [{words.some(1, 1)[0]}]({near}) ", 1) + "\n"
    if kind < 0.75:
        return "".join(f"- {words.sentence()}\n" for _ in range(dice.randint(3, 8)))
    if kind < 0.90:
        lines = "".join(f"{name} = read_table('{name}_{number}', rows={dice.randrange(999)})\n" for name in words.some(3, 10))
        return f"```python\n{lines}```\n"
    rows = "".join(f"| {' | '.join(words.some(3, 3))} |\n" for _ in range(dice.randint(3, 9)))
    return f"| one | two | three |\n|---|---|---|\n{rows}"
