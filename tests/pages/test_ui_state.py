import gc

from pages.ui.state import _set_apart


def test_what_stays_in_memory_once_a_page_is_drawn_is_not_looked_through_again(page, workspace):
    gc.unfreeze()
    _set_apart.cache_clear()
    assert gc.get_freeze_count() == 0
    page("traces")
    assert gc.get_freeze_count() > 100_000
