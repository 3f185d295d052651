from training.rows.batches import draw, group


def test_a_budget_repeats_whole_shuffles_until_it_is_used_up():
    order = draw([10] * 4, epochs=1, budget=100, seed=0)
    assert len(order) == 10
    assert sorted(order[:4]) == sorted(order[4:8]) == [0, 1, 2, 3]


def test_a_budget_smaller_than_the_set_takes_part_of_it():
    assert len(draw([10] * 100, epochs=5, budget=95, seed=0)) == 10


def test_without_a_budget_every_row_is_seen_once_an_epoch():
    assert sorted(draw([3, 5, 7], epochs=2, budget=None, seed=1)) == [0, 0, 1, 1, 2, 2]


def test_the_same_seed_gives_the_same_order_and_another_seed_another():
    first = draw([1] * 50, epochs=1, budget=None, seed=3)
    assert first == draw([1] * 50, epochs=1, budget=None, seed=3)
    assert first != draw([1] * 50, epochs=1, budget=None, seed=4)


def test_no_rows_give_no_order():
    assert draw([], epochs=1, budget=100, seed=0) == []


def test_batches_hold_every_drawn_row_and_respect_both_bounds():
    lengths = [5, 50, 7, 45, 6, 40, 8, 30]
    order = draw(lengths, epochs=3, budget=None, seed=0)
    batches = group(order, lengths, rows=4, tokens=100, seed=0)
    assert sorted(row for batch in batches for row in batch) == sorted(order)
    assert all(len(batch) <= 4 and len(batch) * max(lengths[row] for row in batch) <= 100 for batch in batches)


def test_a_row_longer_than_the_token_bound_is_a_batch_of_its_own():
    assert sorted(group([0, 1], [500, 5], rows=8, tokens=100, seed=0)) == [[0], [1]]


def test_rows_of_like_length_share_a_batch():
    lengths = [10, 100] * 8
    batches = group(list(range(16)), lengths, rows=4, tokens=None, seed=0)
    assert all(len({lengths[row] for row in batch}) == 1 for batch in batches)
