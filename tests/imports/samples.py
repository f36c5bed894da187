"""The real files of ``tests/data``, and how they are imported on the command line."""

from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data"
CONSTITUENTS = DATA / "sp500" / "constituents.csv"
SUBMISSIONS = DATA / "icpc-swerc-2022" / "submissions.csv"
SP500 = ["--map", "external_id=CIK", "--map", "name=Security", "--map", "industry=GICS Sector", "--map", "region=Headquarters Location"]
ICPC = [
    *("--map", "external_id=submission_id", "--map", "member_id=team_id", "--map", "member_name=team_name", "--map", "company=organization"),
    *("--map", "challenge=problem_name", "--set", "track=engage", "--set", "points=100"),
    *("--value", "verdict:AC=accepted", "--value", "verdict:*=refused"),
]
