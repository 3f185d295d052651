"""What the student sees before launch follows the chosen objective."""


def trained(at):
    return int(next(metric.value for metric in at.metric if metric.label == "Trained tokens").replace(",", ""))


def row(at):
    return next(item.value for item in at.html if "w-tokens" in item.value)


def test_trained_tokens_are_those_of_the_chosen_sections(page, workspace, frozen):
    at = page("train")
    everything = trained(at)
    assert '<span class="w-trained">&lt;think&gt;' in row(at)
    at.session_state["objective-sft-sections"] = ["answer"]
    at.run()
    assert not at.exception
    assert 0 < trained(at) < everything
    assert '<span class="w-trained">&lt;think&gt;' not in row(at)


def test_the_instruction_is_shown_around_the_question(page, workspace, frozen):
    at = page("train")
    at.text_area(key="objective-sft-instruction").set_value("{question} Think in steps.").run()
    assert not at.exception
    assert "Think in steps." in row(at)


def test_rows_without_a_trained_token_are_counted_and_told(page, workspace, frozen):
    at = page("train")
    at.session_state["objective-sft-kinds"] = ["alternative"]
    at.session_state["objective-sft-sections"] = ["reasoning"]
    at.run()
    assert not at.exception
    defects = next(frame.value for frame in at.dataframe if "Defect" in frame.value.columns)
    assert dict(zip(defects["Defect"], defects["Rows"], strict=True)) == {"no trained token": 3}
    assert next(button for button in at.button if button.label == "Start training").disabled


def test_each_supervised_objective_shows_its_rows(page, workspace, frozen):
    at = page("train")
    for name in ("chunkwise", "sft_staged"):
        at.selectbox(key="objective").set_value(name).run()
        assert not at.exception
        assert trained(at) > 0
