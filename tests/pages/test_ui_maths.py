import pytest

from pages.ui.reading.maths import inline, literal, pieces, to_markdown, unlinked, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"so \(x+1\) is", "so <span>$x+1$</span> is"),
        (r"\[ \frac{a}{b} \]", r'<span class="w-formula">$\displaystyle \frac{a}{b}$</span>'),
        ("$$y^2$$", r'<span class="w-formula">$\displaystyle y^2$</span>'),
        (r"\boxed{\frac{1}{2}}", r"<span>$\boxed{\frac{1}{2}}$</span>"),
        (r"\(a<b\)", r"<span>$a\lt b$</span>"),
        ("$x$2", "&#36;x&#36;2"),
        (r"\(x\)2", "<span>$x$</span>2"),
    ],
)
def test_every_way_to_write_a_formula_becomes_the_one_streamlit_renders(text, shown):
    assert to_markdown(text) == shown


@pytest.mark.parametrize(
    "text", ["$5 and $10", "costs $5 each and 3 cost 15$", "unclosed $x + 1", "a $ b $ c", "$$", r"\("]
)
def test_money_and_unclosed_dollars_are_no_formula(text):
    assert [part for is_maths, part in pieces(text) if is_maths] == []


def test_an_unclosed_dollar_does_not_hide_a_later_formula():
    assert to_markdown("has $5 so $x=3$") == "has &#36;5 so <span>$x=3$</span>"


def test_equation_environments_use_the_form_that_works_inside_a_line():
    assert to_markdown(r"\begin{align*} a &= b \\ c &= d \end{align*}") == (
        r'<span class="w-formula">$\displaystyle \begin{aligned} a &= b \\ c &= d \end{aligned}$</span>'
    )


def test_html_markdown_and_emoji_codes_are_shown_as_text():
    assert to_markdown("<script>alert(1)</script>") == (
        "&#60;<wbr>script&#62;<wbr>alert&#40;1&#41;&#60;<wbr>&#47;script&#62;"
    )
    assert to_markdown("![a](http://x/y.png) # h") == (
        "&#33;&#91;a&#93;&#40;http&#58;<wbr>&#47;&#47;x&#47;y.png&#41; &#35; h"
    )
    assert to_markdown(":smile: :red[x]") == "&#58;<wbr>smile&#58; &#58;<wbr>red&#91;x&#93;"


def test_a_formula_cannot_smuggle_html_or_an_image():
    assert to_markdown("$x</span><img src=y>$") == r"<span>$x\lt /span\gt \lt img src=y\gt $</span>"
    assert "](" not in to_markdown("$x![a](b)$")


def test_code_keeps_its_signs_and_indentation_and_no_formulas():
    assert to_markdown("```python\nx = 1\n  y$z$\n```") == (
        '<code class="w-code">x &#61; 1<br>&#32;&#32;y&#36;z&#36;</code>'
    )
    assert to_markdown("`a*b`") == "<code>a&#42;b</code>"


def test_bold_stays_bold_and_its_text_literal():
    assert to_markdown("**a<b**") == "<strong>a&#60;<wbr>b</strong>"


def test_marks_nobody_can_see_are_written_out():
    assert visible("a\u202eb\x00c\ud800\r\nd\ufeff") == "a[U+202E]b[U+0000]c\ufffd\nd[U+FEFF]"


def test_other_scripts_are_left_readable():
    assert visible("数学 и א") == "数学 и א"


def test_line_breaks_become_tags_so_that_no_line_can_start_a_list():
    assert literal("1. a\n- b\n\n    c") == "1. a<br>&#45; b<br><br>&#32;&#32;&#32;&#32;c"


def test_labels_are_escaped_for_markdown():
    assert inline("a*b_c :x: [y](z) $1\nd") == r"a\*b\_c \:x\: \[y\]\(z\) \$1 d"


def test_a_hundred_thousand_dollars_are_read_in_linear_time():
    assert to_markdown("$a " * 100_000).count("&#36;") == 100_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![x](http://a.b/c.png)", r"!\[x\](http://a.b/c.png)"),
        (r"\[x\](http://a.b)", r"\\\[x\\\](http://a.b)"),
        ("costs $5 or $7", r"costs \$5 or \$7"),
        ("found 'keep_where', step 3.", "found 'keep_where', step 3."),
    ],
)
def test_a_message_makes_no_link_image_or_formula_of_what_it_repeats(text, shown):
    assert unlinked(text) == shown
