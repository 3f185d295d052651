from curation.texts.turns import Turn, turns


def test_turns_are_told_apart_by_their_speakers():
    text = "assistant: find it\n\nfor me\n\ntool: 4\n\ngpt: it is 4"
    found = turns(text)
    assert [(turn.assistant, text[turn.start : turn.stop]) for turn in found] == [
        (True, "find it\n\nfor me"),
        (False, "4"),
        (True, "it is 4"),
    ]


def test_an_empty_turn_is_a_turn():
    assert turns("assistant: \n\nuser: go on") == [Turn(True, 11, 11), Turn(False, 19, 24)]


def test_a_text_that_no_speaker_begins_has_no_turns():
    assert turns("So 4.\n\nuser: what?") == []
    assert turns("") == []


def test_a_name_within_a_line_is_no_speaker():
    assert turns("assistant: the user: bob") == [Turn(True, 11, 24)]
