"""The pseudonym key when several processes want it first."""

import textwrap
from pathlib import Path

from clawtrain_tests.together import at_once

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
        got = [said.strip() for said in at_once(WANT, str(home))]
        assert len(set(got)) == 1
        assert len(bytes.fromhex(got[0])) == 32
        assert [file.name for file in home.iterdir()] == ["pseudonym.key"]
