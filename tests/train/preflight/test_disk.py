"""The dry run's count of checkpoints, beside a walk through the steps."""

import pytest

from ncvc.train.preflight.disk import written_and_kept


@pytest.mark.parametrize("keep_interval", ["off", 1, 2, 3, 4, 6, 100])
@pytest.mark.parametrize(
    ("save_interval", "last", "keep_last"), [(1, 20, 3), (3, 20, 2), (4, 24, 1), (50, 20, 3), (2, 7, 9)]
)
def test_checkpoints_are_counted_as_they_are_kept(make_config, keep_interval, save_interval, last, keep_last):
    config = make_config(
        schedule={"train_iters": last},
        checkpoints={"save_interval": save_interval, "keep_interval": keep_interval, "keep_last": keep_last},
    )
    written = sorted({*range(save_interval, last + 1, save_interval), last})
    kept = {*written[-keep_last:], *(step for step in written[:-keep_last] if config.checkpoints.is_kept(step))}
    assert written_and_kept(config) == (len(written), len(kept))
