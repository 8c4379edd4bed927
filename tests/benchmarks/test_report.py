from benchmarks.report import Ratio, Report


def test_a_missed_promise_shows():
    kept, missed, free = Ratio("a", 0.99, at_least=0.98), Ratio("b", 12, at_most=10), Ratio("c", 3)
    report = Report("bench", ("what", "count"), [("rows", 1_000_000)], [kept, missed, free], ["quiet"])

    assert not report.kept
    assert [line for line in str(report).splitlines() if "MISSED" in line] == [
        "ratio  b: 12  (promised: at most 10)  MISSED"
    ]
    assert "1,000,000" in str(report)
    assert [ratio["kept"] for ratio in report.to_dict()["ratios"]] == [True, False, True]
    assert report.to_dict()["figures"] == [{"what": "rows", "count": 1_000_000}]
