from hfreader.progress import TerminalReport, silent


def test_away_from_a_terminal_each_stage_is_one_line_on_stderr(capsys):
    with TerminalReport() as report:
        report("source", "cloning [v5]", 1, 10)
        report("source", "cloning [v5]", 2, 10)
        report("trace", "running")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == ["source: cloning [v5]", "trace: running"]


def test_away_from_a_terminal_a_long_stage_says_how_far_it_is(capsys):
    with TerminalReport() as report:
        for done in range(101):
            report("analysis", f"file {done}", done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["analysis: file 0", *(f"analysis: file {n} ({n} of 100)" for n in range(10, 101, 10))]


def test_silence(capsys):
    silent("source", "cloning", 1, 2)
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""
