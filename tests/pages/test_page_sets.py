def test_a_set_shows_its_size_report_and_rebuild_command(page, workspace, frozen, words):
    at = page("sets")
    assert not at.exception
    assert [(metric.label, metric.value) for metric in at.metric] == [
        ("Traces", "3"),
        ("Problems", "2"),
        ("Tokens", "not counted"),
        ("Recipe", "right-ones"),
    ]
    manifest = page("sets", view="Manifest")
    assert not manifest.exception
    assert any("python -m curation rebuild right" in code.value for code in manifest.code)


def test_an_export_is_written_under_the_workspace_and_can_be_downloaded(page, workspace, frozen):
    at = page("sets", view="Export")
    next(button for button in at.button if button.label == "Export").click().run()
    assert not at.exception
    assert len((workspace.root / "exports" / "right-messages.jsonl").read_text().splitlines()) == 3
    assert "Download right-messages.jsonl" in [button.label for button in at.download_button]


def test_a_folder_that_was_exported_already_is_not_overwritten(page, workspace, frozen):
    at = page("sets", view="Export")
    next(box for box in at.selectbox if box.label == "Format").set_value("folder").run()
    for _ in range(2):
        next(button for button in at.button if button.label == "Export").click().run()
    assert not at.exception
    assert "already exists" in at.error[0].value


def test_the_set_of_the_address_is_chosen(page, workspace, frozen):
    at = page("sets", set="right")
    assert next(box for box in at.selectbox if box.label == "Curated set").value == "right"
