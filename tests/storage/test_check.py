from __future__ import annotations

from reelmill.settings import Settings
from reelmill.storage.check import check_output, check_storage


def test_a_good_root_passes_every_time(storage):
    for _ in range(2):
        checks = check_storage(storage)
        assert [check.name for check in checks] == ["output list", "output create", "output overwrite", "output read"]
        assert all(check.ok for check in checks)
    assert [found.name for found in storage.list("")] == ["reelmill-doctor.txt"]


def test_a_missing_bucket_fails_with_its_fix(gcs_settings):
    (check,) = check_output("gs://no-such-bucket-here/x", gcs_settings)
    assert check.ok is False
    assert "does not exist" in check.detail
    assert "Create it" in check.fix


def test_a_wrong_address_fails_with_its_fix():
    (check,) = check_output("s3://bucket/x", Settings())
    assert check.ok is False
    assert check.fix


def test_a_folder_that_cannot_be_written_fails_at_create(tmp_path):
    (tmp_path / "file").write_text("in the way")
    checks = check_output(str(tmp_path / "file" / "out"), Settings())
    assert [check.ok for check in checks] == [True, False]
    assert "output folder" in checks[-1].fix
