from pages.ui.reading.keys import style_of


def test_the_trace_that_is_shown_is_named_whatever_its_id_holds():
    assert style_of("0f1e") == "w-question w-shown-0f1e"
    assert style_of('a b"><i>') == "w-question w-shown-a%20b%22%3E%3Ci%3E"
