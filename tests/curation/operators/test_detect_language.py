import pytest

from curation.operators.detect_language import DetectLanguage, pieces, prose

ENGLISH = (
    "She buys five more apples, so there are seventeen apples in the basket, and then she gives four of them away."
)
CHINESE = "每天下十六颗蛋，早上吃三颗，剩下的鸭蛋她每天拿去农贸市场卖。"


def scores(trace):
    return DetectLanguage().annotate(trace).scores


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        (CHINESE, "zh"),
        ("Chaque matin, elle en mange trois au petit déjeuner et en utilise quatre autres pour ses amis.", "fr"),
        ("Sie kauft noch fünf Äpfel, also liegen jetzt siebzehn Äpfel im Korb, und vier davon verschenkt sie.", "de"),
        ("彼女は毎朝三つ食べて、残りの卵を市場で売っています。", "ja"),
    ],
)
def test_a_text_in_one_language_is_wholly_in_it(make_trace, text, language):
    assert scores(make_trace(text)) == {"language": language, "language_share": 1}


def test_switching_languages_shows_in_the_share(make_trace):
    found = scores(make_trace(f"{ENGLISH} {ENGLISH}\n\n{CHINESE}"))
    assert found["language"] == "en"
    assert 0.5 < found["language_share"] < 0.8


def test_formulas_code_and_numbers_are_no_language(make_trace):
    noise = r" \(\frac{a}{b} = \sin x\) ```for wert in werte: drucke(wert)``` 12 + 5 = 17 <think> \boxed{17} "
    assert scores(make_trace(ENGLISH + noise + ENGLISH)) == {"language": "en", "language_share": 1}
    assert prose(r"so \(a + b\) = 12 \cdot c").split() == ["so", "c"]


@pytest.mark.parametrize("text", ["", "17", "So 17.", r"\(x^2 + y^2 = z^2\)", "≈ - . ( ) "])
def test_too_few_words_are_unknown(make_trace, text):
    assert scores(make_trace(text)) == {"language": None, "language_share": None}


def test_east_asian_script_is_read_together():
    assert list(pieces("我们 need to 计算")) == ["我们计算"]


@pytest.mark.parametrize(("language", "name"), [("en", "mgsm_en.tsv"), ("zh", "mgsm_zh.tsv"), ("fr", "mgsm_fr.tsv")])
def test_real_questions_are_in_their_language(make_trace, shared_lines, language, name):
    found = [scores(make_trace(line.split("\t")[0]))["language"] for line in shared_lines(f"multilingual/{name}")]
    assert found.count(language) >= 0.99 * len(found)
