"""Under whose name labels are kept."""

import getpass


def test_labels_carry_the_typed_name(page, workspace):
    at = page("traces")
    next(box for box in at.text_input if box.label == "Your name").set_value("  Ada   Lovelace ").run()
    next(button for button in at.button if button.label == "Keep").click().run()
    assert not at.exception
    assert [event.who for event in workspace.events()] == ["Ada Lovelace"]


def test_without_a_name_labels_carry_the_user_of_this_computer(page, workspace):
    at = page("traces")
    next(button for button in at.button if button.label == "Drop").click().run()
    assert [event.who for event in workspace.events()] == [getpass.getuser()]
