"""The pseudonym key when several processes want it first."""

import subprocess
import sys
import textwrap
from pathlib import Path

WANT = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from clawtrain_assets.core.privacy.key import load_or_create_key

    print("ready", flush=True)
    sys.stdin.readline()
    print(load_or_create_key(Path(sys.argv[1])).hex())
    """
)


def test_processes_that_make_the_key_together_all_get_the_same_whole_one(tmp_path: Path) -> None:
    for number in range(3):
        home = tmp_path / str(number)
        wanting = [
            subprocess.Popen(
                [sys.executable, "-c", WANT, str(home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(4)
        ]
        for process in wanting:
            assert process.stdout is not None
            process.stdout.readline()
        for process in wanting:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        got = [process.communicate(timeout=30)[0].strip() for process in wanting]
        assert [process.returncode for process in wanting] == [0, 0, 0, 0]
        assert len(set(got)) == 1
        assert len(bytes.fromhex(got[0])) == 32
        assert [file.name for file in home.iterdir()] == ["pseudonym.key"]
