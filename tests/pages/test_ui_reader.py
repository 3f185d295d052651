from pages.ui.reading import reader
from pages.ui.reading.looks import stylesheet
from pages.ui.reading.pieces import Piece


def test_a_removed_segment_is_drawn_struck_through_and_named():
    assert reader.block(Piece("no", "check", "removed")) == (
        '<details class="w-seg w-check w-removed" open><summary>Check, removed &#183; 2 characters</summary>\n\n'
        '<span class="w-text">no</span>\n\n</details>\n\n'
    )


def test_a_numbered_segment_can_be_jumped_to():
    html = reader.block(Piece("no", "check", at=3, tags='<span class="w-tag">x</span>'))
    assert html.startswith('<details class="w-seg w-check w-kept" data-at="3" open><summary>4&#8194;Check &#183; 2')
    assert 'characters<span class="w-tag">x</span></summary>' in html


def test_a_kind_can_be_shown_closed():
    html = reader.block(Piece("no", "filler"), opened=False)
    assert html.startswith('<details class="w-seg w-filler w-kept"><summary>')


def test_the_light_form_is_escaped_and_holds_no_markdown():
    html = reader.block(Piece("<b>\u202e $x$", None), light=True)
    assert '<div class="w-text">&lt;b&gt;[U+202E] $x$</div></details>' in html
    assert "\n" not in html


def test_a_chunk_tells_its_reader_its_number_and_about_its_height():
    html = reader.chunk([Piece("a" * 950, "plan")], 7, "5f2c", light=True)
    start = (
        '<div class="w-chunk w-of-5f2c w-light" data-scope="5f2c" data-chunk="7" style="contain-intrinsic-size:auto'
    )
    assert html.startswith(f'{start} 238px"><details')


def test_the_name_of_a_reader_is_safe_in_a_class():
    assert reader.scope_of('a-1"><script>') == "a-1script"


def test_the_style_sheet_has_a_rule_for_every_kind():
    assert ".w-backtrack {background-color: rgba(212, 84, 92, .10)" in stylesheet()
